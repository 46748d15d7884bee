"""Versions of the policy with the record of their changes, the journal of what each batch took in, receipts, segments."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ADDED = (
    ("member", "version", sa.Integer(), "1"),
    ("transition", "version", sa.Integer(), "1"),
    ("transition", "grounds", postgresql.JSONB(astext_type=sa.Text()), "{}"),
    ("waiting_event", "revision", sa.BigInteger(), "0"),
)


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("gate_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watermark", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("software", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subjects", sa.LargeBinary(), nullable=False),
        sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('events', 'time', 'enrolment')", name=op.f("ck_journal_kind")),
        sa.CheckConstraint("number > 0", name=op.f("ck_journal_number")),
        sa.PrimaryKeyConstraint("lane", "number", name=op.f("pk_journal")),
        schema="lifecycle",
    )
    op.create_index(op.f("ix_journal_lane_gate_at"), "journal", ["lane", "gate_at"], unique=False, schema="lifecycle")
    op.create_table(
        "policy_version",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("tz", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_policy_version_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_version")),
        schema="lifecycle",
    )
    op.create_table(
        "receipt",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gate_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_receipt_attempt")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_receipt")),
        schema="lifecycle",
    )
    op.create_index(
        op.f("ix_receipt_member_id_number"), "receipt", ["member_id", "number"], unique=False, schema="lifecycle"
    )
    op.create_index(op.f("ix_receipt_rule_number"), "receipt", ["rule", "number"], unique=False, schema="lifecycle")
    op.create_table(
        "receipt_count",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("times > 0", name=op.f("ck_receipt_count_times")),
        sa.PrimaryKeyConstraint("member_id", "rule", "reason", "day", name=op.f("pk_receipt_count")),
        schema="lifecycle",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "segment_count",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("segment", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("members >= 0", name=op.f("ck_segment_count_members")),
        sa.PrimaryKeyConstraint("lane", "segment", name=op.f("pk_segment_count")),
        schema="lifecycle",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "segment_member",
        sa.Column("segment", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("segment", "member_id", name=op.f("pk_segment_member")),
        schema="lifecycle",
    )
    op.create_table(
        "walk",
        sa.Column("what_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=True),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('impact', 'backfill', 'sweep', 'enrolment')", name=op.f("ck_walk_kind")),
        sa.CheckConstraint("members >= 0", name=op.f("ck_walk_members")),
        sa.PrimaryKeyConstraint("what_for", "kind", "lane", name=op.f("pk_walk")),
        schema="lifecycle",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        op.f("ix_walk_lane"),
        "walk",
        ["lane"],
        unique=False,
        schema="lifecycle",
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "policy_change",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'published') = (effective_at IS NOT NULL)", name=op.f("ck_policy_change_effective")
        ),
        sa.CheckConstraint("(kind IN ('paused', 'resumed')) = (rule IS NOT NULL)", name=op.f("ck_policy_change_rule")),
        sa.CheckConstraint(
            "(kind IN ('prepared', 'published', 'abandoned')) = (version IS NOT NULL)",
            name=op.f("ck_policy_change_version"),
        ),
        sa.CheckConstraint(
            "kind IN ('prepared', 'published', 'abandoned', 'paused', 'resumed')", name=op.f("ck_policy_change_kind")
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_policy_change_revision")),
        sa.ForeignKeyConstraint(
            ["version"], ["lifecycle.policy_version.number"], name=op.f("fk_policy_change_version")
        ),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_policy_change")),
        schema="lifecycle",
    )
    op.create_index(
        op.f("ix_policy_change_version"),
        "policy_change",
        ["version"],
        unique=True,
        schema="lifecycle",
        postgresql_where=sa.text("kind = 'published'"),
    )
    op.create_index(op.f("ix_member_lane_member_id"), "member", ["lane", "member_id"], unique=False, schema="lifecycle")
    for table, column, kind, before in ADDED:
        op.add_column(table, sa.Column(column, kind, nullable=False, server_default=before), schema="lifecycle")
        op.alter_column(table, column, server_default=None, schema="lifecycle")
    for column in ("inputs", "subjects"):  # compressed already, or cannot be
        op.execute(f"ALTER TABLE lifecycle.journal ALTER COLUMN {column} SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_column("waiting_event", "revision", schema="lifecycle")
    op.drop_column("transition", "grounds", schema="lifecycle")
    op.drop_column("transition", "version", schema="lifecycle")
    op.drop_index(op.f("ix_member_lane_member_id"), table_name="member", schema="lifecycle")
    op.drop_column("member", "version", schema="lifecycle")
    op.drop_index(
        op.f("ix_policy_change_version"),
        table_name="policy_change",
        schema="lifecycle",
        postgresql_where=sa.text("kind = 'published'"),
    )
    op.drop_table("policy_change", schema="lifecycle")
    op.drop_index(
        op.f("ix_walk_lane"), table_name="walk", schema="lifecycle", postgresql_where=sa.text("finished_at IS NULL")
    )
    op.drop_table("walk", schema="lifecycle")
    op.drop_table("segment_member", schema="lifecycle")
    op.drop_table("segment_count", schema="lifecycle")
    op.drop_table("receipt_count", schema="lifecycle")
    op.drop_index(op.f("ix_receipt_rule_number"), table_name="receipt", schema="lifecycle")
    op.drop_index(op.f("ix_receipt_member_id_number"), table_name="receipt", schema="lifecycle")
    op.drop_table("receipt", schema="lifecycle")
    op.drop_table("policy_version", schema="lifecycle")
    op.drop_index(op.f("ix_journal_lane_gate_at"), table_name="journal", schema="lifecycle")
    op.drop_table("journal", schema="lifecycle")
