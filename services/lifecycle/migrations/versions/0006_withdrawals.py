"""Actions are taken back: they are then undoing, and end undone or kept."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHECK = "ck_action_state"
BEFORE = "state IN ('requested', 'unknown', 'done', 'refused', 'failed')"
AFTER = "state IN ('requested', 'unknown', 'done', 'refused', 'failed', 'undoing', 'undone', 'kept')"


def upgrade() -> None:
    op.drop_constraint(op.f(CHECK), "action", schema="lifecycle", type_="check")
    op.create_check_constraint(op.f(CHECK), "action", AFTER, schema="lifecycle")


def downgrade() -> None:
    op.execute("UPDATE lifecycle.action SET state = 'done' WHERE state IN ('undoing', 'undone', 'kept')")
    op.drop_constraint(op.f(CHECK), "action", schema="lifecycle", type_="check")
    op.create_check_constraint(op.f(CHECK), "action", BEFORE, schema="lifecycle")
