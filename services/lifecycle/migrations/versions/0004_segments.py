"""Segments are entered and left: a transition may have no value after it."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNIQUE = "uq_transition_member_id_dimension_current_episode"
COLUMNS = ["member_id", "dimension", "current", "episode"]


def upgrade() -> None:
    op.drop_constraint(op.f(UNIQUE), "transition", schema="lifecycle", type_="unique")
    op.alter_column("transition", "current", nullable=True, schema="lifecycle")
    op.create_unique_constraint(
        op.f(UNIQUE), "transition", COLUMNS, schema="lifecycle", postgresql_nulls_not_distinct=True
    )


def downgrade() -> None:
    op.execute("DELETE FROM lifecycle.transition WHERE current IS NULL")
    op.drop_constraint(op.f(UNIQUE), "transition", schema="lifecycle", type_="unique")
    op.alter_column("transition", "current", nullable=False, schema="lifecycle")
    op.create_unique_constraint(op.f(UNIQUE), "transition", COLUMNS, schema="lifecycle")
