"""Accounts that turn out to be one person's."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_unique_constraint(op.f("uq_member_id_registered_at"), "member", ["id", "registered_at"], schema="members")
    op.create_table(
        "merger",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=True),
        sa.Column("root_registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(root_id IS NULL) = (root_registered_at IS NULL)", name=op.f("ck_merger_root")),
        sa.CheckConstraint("(root_registered_at, root_id) < (registered_at, member_id)", name=op.f("ck_merger_older")),
        sa.ForeignKeyConstraint(
            ["member_id", "registered_at"],
            ["members.member.id", "members.member.registered_at"],
            name=op.f("fk_merger_member_id_registered_at"),
        ),
        sa.ForeignKeyConstraint(
            ["root_id", "root_registered_at"],
            ["members.member.id", "members.member.registered_at"],
            name=op.f("fk_merger_root_id_root_registered_at"),
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_merger")),
        schema="members",
    )
    op.create_index(op.f("ix_merger_root_id"), "merger", ["root_id"], schema="members")
    op.create_table(
        "merger_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("change", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("change IN ('merged', 'unmerged')", name=op.f("ck_merger_change_change")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member.id"], name=op.f("fk_merger_change_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger_change")),
        schema="members",
    )
    op.create_index(op.f("ix_merger_change_member_id"), "merger_change", ["member_id"], schema="members")


def downgrade() -> None:
    op.drop_table("merger_change", schema="members")
    op.drop_table("merger", schema="members")
    op.drop_constraint(op.f("uq_member_id_registered_at"), "member", schema="members")
