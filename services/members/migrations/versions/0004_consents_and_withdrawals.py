"""Consents, rewards that are taken back, members that are erased."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True), schema="members")
    op.create_table(
        "consent_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_consent_entry_number")),
        sa.ForeignKeyConstraint(["member_id"], ["members.member.id"], name=op.f("fk_consent_entry_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entry")),
        sa.UniqueConstraint("member_id", "purpose", "number", name=op.f("uq_consent_entry_member_id_purpose_number")),
        schema="members",
    )
    op.create_index(
        op.f("ix_consent_entry_member_id_id"), "consent_entry", ["member_id", "id"], unique=False, schema="members"
    )
    op.create_table(
        "withdrawal",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome IS NOT DISTINCT FROM 'retained') = (reason IS NOT NULL)", name=op.f("ck_withdrawal_retained")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name=op.f("ck_withdrawal_settled")),
        sa.CheckConstraint("outcome IN ('withdrawn', 'retained')", name=op.f("ck_withdrawal_outcome")),
        sa.CheckConstraint("reason IN ('spent', 'expired')", name=op.f("ck_withdrawal_reason")),
        sa.ForeignKeyConstraint(["action_id"], ["members.reward.action_id"], name=op.f("fk_withdrawal_action_id")),
        sa.ForeignKeyConstraint(["coupon_id"], ["members.coupon.id"], name=op.f("fk_withdrawal_coupon_id")),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_withdrawal")),
        sa.UniqueConstraint("coupon_id", name=op.f("uq_withdrawal_coupon_id")),
        schema="members",
    )
    _allow("'issued', 'redeemed', 'expired', 'revoked'")


def downgrade() -> None:
    op.execute("UPDATE members.coupon SET status = 'expired' WHERE status = 'revoked'")
    _allow("'issued', 'redeemed', 'expired'")
    op.drop_table("withdrawal", schema="members")
    op.drop_index(op.f("ix_consent_entry_member_id_id"), table_name="consent_entry", schema="members")
    op.drop_table("consent_entry", schema="members")
    op.drop_column("member", "erased_at", schema="members")


def _allow(statuses: str) -> None:
    op.drop_constraint(op.f("ck_coupon_status"), "coupon", schema="members")
    op.create_check_constraint(op.f("ck_coupon_status"), "coupon", f"status IN ({statuses})", schema="members")
