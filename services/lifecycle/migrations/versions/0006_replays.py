"""Replays that operators asked for, and when the journal last told the time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lane_clock", sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True), schema="lifecycle")


def downgrade() -> None:
    op.drop_column("lane_clock", "beat_at", schema="lifecycle")
