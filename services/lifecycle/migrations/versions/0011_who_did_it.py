"""Who confirmed or stopped an enrolment, and who cancelled a replay."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = {
    "enrolment": (
        ("confirmed_by", sa.Uuid()),
        ("stopped_by", sa.Uuid()),
        ("stopped_at", sa.DateTime(timezone=True)),
    ),
    "replay": (("cancelled_by", sa.Uuid()),),
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True), schema="lifecycle")


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name, schema="lifecycle")
