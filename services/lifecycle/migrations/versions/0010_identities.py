"""Members who are another, or erased, stand nowhere; what happens to the former is forwarded."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MERGED = sa.text("type = 'huitou.members.member.merged.v1'")


def upgrade() -> None:
    for column in ("stage", "health"):
        op.alter_column("member", column, nullable=True, schema="lifecycle")
    op.create_check_constraint(
        op.f("ck_member_stands"), "member", "(stage IS NULL) = (health IS NULL)", schema="lifecycle"
    )
    op.add_column("lane_clock", sa.Column("read_to", sa.DateTime(timezone=True), nullable=True), schema="lifecycle")
    op.create_index(
        op.f("ix_waiting_event_turn_at"), "waiting_event", ["turn_at"], schema="lifecycle", postgresql_where=MERGED
    )
    op.create_table(
        "merger",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_id <> root_id", name=op.f("ck_merger_root")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_merger")),
        schema="lifecycle",
    )
    op.create_index(
        op.f("ix_merger_lane"), "merger", ["lane"], schema="lifecycle", postgresql_where=sa.text("root_id IS NOT NULL")
    )
    op.create_table(
        "forwarded_event",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_forwarded_event")),
        schema="lifecycle",
    )
    op.create_index(op.f("ix_forwarded_event_lane_number"), "forwarded_event", ["lane", "number"], schema="lifecycle")
    op.create_index(op.f("ix_forwarded_event_at"), "forwarded_event", ["at"], schema="lifecycle")


def downgrade() -> None:
    op.drop_table("forwarded_event", schema="lifecycle")
    op.drop_table("merger", schema="lifecycle")
    op.drop_index(op.f("ix_waiting_event_turn_at"), table_name="waiting_event", schema="lifecycle")
    op.drop_column("lane_clock", "read_to", schema="lifecycle")
    op.drop_constraint(op.f("ck_member_stands"), "member", schema="lifecycle", type_="check")
    op.execute("DELETE FROM lifecycle.member WHERE stage IS NULL")
    for column in ("stage", "health"):
        op.alter_column("member", column, nullable=False, schema="lifecycle")
