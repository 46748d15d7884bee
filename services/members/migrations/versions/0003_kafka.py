"""The event log over Kafka: what a relay has carried, and how far this service has come in each partition."""

from alembic import op

from common.migrating import create_kafka_tables, drop_kafka_tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kafka_tables(op, "members")


def downgrade() -> None:
    drop_kafka_tables(op)
