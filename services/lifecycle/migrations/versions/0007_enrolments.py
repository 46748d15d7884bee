"""Enrolments: members who are brought a rule by an operator."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enrolment",
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stage", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("health", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("segment", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('proposed')) = (confirmed_at IS NULL)", name=op.f("ck_enrolment_confirmed")),
        sa.CheckConstraint("state IN ('proposed', 'running', 'finished', 'stopped')", name=op.f("ck_enrolment_state")),
        sa.CheckConstraint("members >= 0", name=op.f("ck_enrolment_members")),
        sa.CheckConstraint("per_minute > 0", name=op.f("ck_enrolment_per_minute")),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_enrolment")),
        schema="lifecycle",
    )
    op.create_index(op.f("ix_enrolment_number"), "enrolment", ["number"], unique=True, schema="lifecycle")


def downgrade() -> None:
    op.drop_index(op.f("ix_enrolment_number"), table_name="enrolment", schema="lifecycle")
    op.drop_table("enrolment", schema="lifecycle")
