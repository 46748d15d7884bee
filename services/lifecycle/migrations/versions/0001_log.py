"""The event log's tables."""

from alembic import op

from common.migrating import create_log_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_log_tables(op, "lifecycle")


def downgrade() -> None:
    raise NotImplementedError("the log is not thrown away by a migration")
