"""A campaign that was closed says so; an attempt to pay remembers when its provider was last asked about it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_campaign_status"), "campaign", schema="orders")
    op.create_check_constraint(
        op.f("ck_campaign_status"),
        "campaign",
        "status IN ('draft', 'published', 'closed', 'cancelled')",
        schema="orders",
    )
    op.add_column("payment", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True), schema="orders")


def downgrade() -> None:
    op.drop_column("payment", "asked_at", schema="orders")
    op.drop_constraint(op.f("ck_campaign_status"), "campaign", schema="orders")
    op.create_check_constraint(
        op.f("ck_campaign_status"), "campaign", "status IN ('draft', 'published', 'cancelled')", schema="orders"
    )
