"""By their age receipts are found to be forgotten: they are written in the order of time, so that a summary of blocks is enough."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SUMMARISED = (("receipt", "gate_at"), ("receipt_count", "day"))


def upgrade() -> None:
    for table, column in SUMMARISED:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="lifecycle", postgresql_using="brin")


def downgrade() -> None:
    for table, column in SUMMARISED:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table, schema="lifecycle")
