"""Errands of every kind, tasks, webhooks, complaints; what members consent to, and who is erased."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NEW = (
    "complaint",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_endpoint",
    "task",
    "team",
    "erased_member",
    "member_consent",
)

# What was asked of messages only becomes what is asked of every kind.
_TO_ERRANDS = """
ALTER TABLE engagement.message_action RENAME TO errand;
ALTER TABLE engagement.errand RENAME CONSTRAINT pk_message_action TO pk_errand;
ALTER TABLE engagement.errand RENAME CONSTRAINT uq_message_action_message_id TO uq_errand_message_id;
ALTER TABLE engagement.errand
    RENAME CONSTRAINT fk_message_action_message_id_member_id TO fk_errand_message_id_member_id;
ALTER TABLE engagement.errand
    DROP CONSTRAINT ck_message_action_reason, DROP CONSTRAINT ck_message_action_sent,
    DROP CONSTRAINT ck_message_action_outcome, DROP COLUMN template, DROP COLUMN channel, ADD COLUMN kind varchar;
UPDATE engagement.errand SET kind = 'send_message', outcome = CASE outcome WHEN 'sent' THEN 'done' ELSE outcome END;
ALTER TABLE engagement.errand
    ALTER COLUMN kind SET NOT NULL,
    ADD CONSTRAINT ck_errand_kind CHECK (kind IN ('send_message', 'assign_task', 'call_webhook')),
    ADD CONSTRAINT ck_errand_outcome CHECK (outcome IN ('done', 'queued', 'refused')),
    ADD CONSTRAINT ck_errand_reason CHECK ((outcome = 'refused') = (reason IS NOT NULL)),
    ADD CONSTRAINT ck_errand_sent CHECK ((outcome = 'done' AND kind = 'send_message') = (message_id IS NOT NULL)),
    ADD CONSTRAINT ck_errand_queued CHECK (outcome <> 'queued' OR kind = 'call_webhook')
"""

# The template and the channel of what was refused are gone: nobody reads them but who tells of them again.
_TO_MESSAGE_ACTIONS = """
DELETE FROM engagement.errand WHERE kind <> 'send_message';
ALTER TABLE engagement.errand
    DROP CONSTRAINT ck_errand_kind, DROP CONSTRAINT ck_errand_outcome, DROP CONSTRAINT ck_errand_reason,
    DROP CONSTRAINT ck_errand_sent, DROP CONSTRAINT ck_errand_queued, DROP COLUMN kind,
    ADD COLUMN template varchar, ADD COLUMN channel varchar;
UPDATE engagement.errand SET outcome = CASE outcome WHEN 'done' THEN 'sent' ELSE outcome END,
    template = coalesce((SELECT template FROM engagement.message WHERE id = message_id), ''),
    channel = coalesce((SELECT channel FROM engagement.message WHERE id = message_id), '');
ALTER TABLE engagement.errand
    ALTER COLUMN template SET NOT NULL, ALTER COLUMN channel SET NOT NULL,
    ADD CONSTRAINT ck_message_action_outcome CHECK (outcome IN ('sent', 'refused')),
    ADD CONSTRAINT ck_message_action_reason CHECK ((outcome = 'refused') = (reason IS NOT NULL)),
    ADD CONSTRAINT ck_message_action_sent CHECK ((outcome = 'sent') = (message_id IS NOT NULL));
ALTER TABLE engagement.errand RENAME CONSTRAINT pk_errand TO pk_message_action;
ALTER TABLE engagement.errand RENAME CONSTRAINT uq_errand_message_id TO uq_message_action_message_id;
ALTER TABLE engagement.errand
    RENAME CONSTRAINT fk_errand_message_id_member_id TO fk_message_action_message_id_member_id;
ALTER TABLE engagement.errand RENAME TO message_action
"""


def upgrade() -> None:
    for statement in _TO_ERRANDS.split(";"):
        op.execute(statement)
    op.create_table(
        "member_consent",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "purpose", name=op.f("pk_member_consent")),
        schema="engagement",
    )
    op.create_table(
        "erased_member",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_erased_member")),
        schema="engagement",
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_team_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("code", name=op.f("uq_team_code")),
        schema="engagement",
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("team", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('open', 'taken')) = (closed_at IS NULL)", name=op.f("ck_task_closed")),
        sa.CheckConstraint("state <> 'taken' OR taken_by IS NOT NULL", name=op.f("ck_task_taken")),
        sa.CheckConstraint("state IN ('open', 'taken', 'done', 'given_up', 'withdrawn')", name=op.f("ck_task_state")),
        sa.CheckConstraint("(action_id IS NULL) = (rule IS NULL)", name=op.f("ck_task_rule")),
        sa.CheckConstraint("length(note) <= 1000", name=op.f("ck_task_note")),
        sa.ForeignKeyConstraint(["action_id"], ["engagement.errand.action_id"], name=op.f("fk_task_action_id")),
        sa.ForeignKeyConstraint(["team"], ["engagement.team.code"], name=op.f("fk_task_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("action_id", name=op.f("uq_task_action_id")),
        schema="engagement",
    )
    op.create_index(
        "ix_task_due",
        "task",
        ["team", "due_at"],
        unique=False,
        schema="engagement",
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_task_member_id"), "task", ["member_id"], unique=False, schema="engagement")
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("secret_number", sa.Integer(), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_webhook_endpoint_state")),
        sa.CheckConstraint("secret_number > 0", name=op.f("ck_webhook_endpoint_secret_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("code", name=op.f("uq_webhook_endpoint_code")),
        schema="engagement",
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("consent", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sending", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name=op.f("ck_webhook_delivery_reason")),
        sa.CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name=op.f("ck_webhook_delivery_settled")),
        sa.CheckConstraint("state <> 'waiting' OR due_at IS NOT NULL", name=op.f("ck_webhook_delivery_due")),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'refused')", name=op.f("ck_webhook_delivery_state")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_delivery_attempts")),
        sa.CheckConstraint("length(key) <= 1000", name=op.f("ck_webhook_delivery_key")),
        sa.ForeignKeyConstraint(
            ["action_id"], ["engagement.errand.action_id"], name=op.f("fk_webhook_delivery_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint"], ["engagement.webhook_endpoint.code"], name=op.f("fk_webhook_delivery_endpoint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("action_id", name=op.f("uq_webhook_delivery_action_id")),
        schema="engagement",
    )
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["due_at"],
        unique=False,
        schema="engagement",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_webhook_delivery_member_id"), "webhook_delivery", ["member_id"], unique=False, schema="engagement"
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("fault", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.CheckConstraint("(status IS NULL) <> (fault IS NULL)", name=op.f("ck_webhook_attempt_ended")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["engagement.webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempt")),
        schema="engagement",
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_complaint_closed")),
        sa.CheckConstraint("state IN ('open', 'settled', 'taken_back')", name=op.f("ck_complaint_state")),
        sa.CheckConstraint("length(text) <= 2000", name=op.f("ck_complaint_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        schema="engagement",
    )
    op.create_index("ix_complaint_member_id_id", "complaint", ["member_id", "id"], unique=False, schema="engagement")
    op.create_index(
        "ix_complaint_open",
        "complaint",
        ["id"],
        unique=False,
        schema="engagement",
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    for table in _NEW:
        op.drop_table(table, schema="engagement")
    for statement in _TO_MESSAGE_ACTIONS.split(";"):
        op.execute(statement)
