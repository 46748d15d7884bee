"""The tables of engagement. The log's own tables are in `common.bus.tables`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from common.models import Moment, service_metadata

metadata = service_metadata("engagement")


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass


class Community(Base, table=True):
    """A community 社群 of neighbours, usually around a pick-up point 自提點."""

    __tablename__ = "community"
    __table_args__ = (CheckConstraint("state IN ('open', 'closed')", name="state"),)
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    pickup_point_code: str | None
    leader_id: UUID | None
    state: str
    created_at: datetime = Field(sa_type=Moment)


class Membership(Base, table=True):
    """A member in a community, now or once."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint("left_at >= joined_at", name="left"),)
    community_id: UUID = Field(primary_key=True, foreign_key="engagement.community.id")
    member_id: UUID = Field(primary_key=True, index=True)
    joined_at: datetime = Field(sa_type=Moment)
    left_at: datetime | None = Field(sa_type=Moment)


class ChannelIdentity(Base, table=True):
    """Which member writes under a name of a chat channel."""

    __tablename__ = "channel_identity"
    channel: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    member_id: UUID = Field(index=True)
    set_at: datetime = Field(sa_type=Moment)


class ChatMessage(Base, table=True):
    """A message of a community's chat; its text is nowhere else. `member_id` null: the sender was nobody we knew."""

    __tablename__ = "chat_message"
    __table_args__ = (
        UniqueConstraint("channel", "message_id"),
        Index("ix_chat_message_community_id_id", "community_id", "id"),
    )
    id: UUID = Field(primary_key=True)
    channel: str
    message_id: str
    community_id: UUID = Field(foreign_key="engagement.community.id")
    sender: str
    member_id: UUID | None = Field(index=True)
    text: str
    sent_at: datetime = Field(sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment)


class CheckinStreak(Base, table=True):
    """How many days in a row a member has checked in; whoever checks in locks it."""

    __tablename__ = "checkin_streak"
    __table_args__ = (CheckConstraint("streak > 0", name="streak"),)
    member_id: UUID = Field(primary_key=True)
    last_day: date
    streak: int


class Checkin(Base, table=True):
    """A check-in 簽到, once a business day. `streak` counts the days in a row, this one included."""

    __tablename__ = "checkin"
    __table_args__ = (UniqueConstraint("member_id", "business_day"), CheckConstraint("streak > 0", name="streak"))
    id: UUID = Field(primary_key=True)
    member_id: UUID
    business_day: date
    streak: int
    checked_in_at: datetime = Field(sa_type=Moment)


class MessageTemplate(Base, table=True):
    """A message's text 消息模板 in both languages. `placeholders`: name → what stands there when nobody says otherwise."""

    __tablename__ = "message_template"
    __table_args__ = (CheckConstraint("state IN ('active', 'retired')", name="state"),)
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    text_zh: str
    text_en: str
    placeholders: dict[str, Any] = Field(sa_type=JSONB)
    state: str
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class Message(Base, table=True):
    """A message to a member as it was sent; in the channel `inbox` it is their in-app letter 站內信."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("id", "member_id"),
        CheckConstraint("channel = 'inbox' OR read_at IS NULL", name="read"),
        Index("ix_message_inbox", "member_id", "id", postgresql_where=text("channel = 'inbox'")),
        Index("ix_message_unread", "member_id", postgresql_where=text("channel = 'inbox' AND read_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    member_id: UUID
    template: str = Field(foreign_key="engagement.message_template.code")
    channel: str
    text_zh: str
    text_en: str
    sent_at: datetime = Field(sa_type=Moment)
    read_at: datetime | None = Field(sa_type=Moment)


class Errand(Base, table=True):
    """What became of an action that the lifecycle asked for; its row is taken first, so that it is done once.

    `outcome` is null only inside the transaction that carries it out; `queued`: its delivery says what became of it.
    """

    __tablename__ = "errand"
    __table_args__ = (
        ForeignKeyConstraint(["message_id", "member_id"], ["engagement.message.id", "engagement.message.member_id"]),
        CheckConstraint("kind IN ('send_message', 'assign_task', 'call_webhook')", name="kind"),
        CheckConstraint("outcome IN ('done', 'queued', 'refused')", name="outcome"),
        CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(outcome = 'done' AND kind = 'send_message') = (message_id IS NOT NULL)", name="sent"),
        CheckConstraint("outcome <> 'queued' OR kind = 'call_webhook'", name="queued"),
    )
    action_id: UUID = Field(primary_key=True)
    member_id: UUID
    kind: str
    outcome: str | None
    reason: str | None
    message_id: UUID | None = Field(unique=True)
    settled_at: datetime = Field(sa_type=Moment)


class MemberConsent(Base, table=True):
    """What a member says to a purpose, as members told last."""

    __tablename__ = "member_consent"
    member_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    given: bool
    changed_at: datetime = Field(sa_type=Moment)


class ErasedMember(Base, table=True):
    """A member for whom nothing is done any more."""

    __tablename__ = "erased_member"
    member_id: UUID = Field(primary_key=True)
    erased_at: datetime = Field(sa_type=Moment)


class Team(Base, table=True):
    """A team 小組 of the shop that tasks are for."""

    __tablename__ = "team"
    __table_args__ = (CheckConstraint("state IN ('active', 'retired')", name="state"),)
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    state: str
    created_at: datetime = Field(sa_type=Moment)


class Task(Base, table=True):
    """A task 待辦 about a member. `note`: what the team wrote down, for nobody else."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'taken', 'done', 'given_up', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'taken' OR taken_by IS NOT NULL", name="taken"),
        CheckConstraint("(state IN ('open', 'taken')) = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(action_id IS NULL) = (rule IS NULL)", name="rule"),
        CheckConstraint("length(note) <= 1000", name="note"),
        Index("ix_task_due", "team", "due_at", postgresql_where=text("closed_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    action_id: UUID | None = Field(unique=True, foreign_key="engagement.errand.action_id")
    member_id: UUID = Field(index=True)
    team: str = Field(foreign_key="engagement.team.code")
    rule: str | None
    due_at: datetime = Field(sa_type=Moment)
    state: str
    taken_by: UUID | None
    note: str
    opened_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(sa_type=Moment)


class WebhookEndpoint(Base, table=True):
    """An endpoint of the shop's own that is told of members. Its secret follows from `secret_number` and is kept nowhere."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'disabled')", name="state"),
        CheckConstraint("secret_number > 0", name="secret_number"),
    )
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    url: str
    state: str
    secret_number: int
    rotated_at: datetime = Field(sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)


class WebhookDelivery(Base, table=True):
    """A webhook to deliver. `due_at`: when somebody should try (again), null: nobody; while one tries, when another may."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'refused')", name="state"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("state <> 'waiting' OR due_at IS NOT NULL", name="due"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("length(key) <= 1000", name="key"),
        Index("ix_webhook_delivery_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )
    id: UUID = Field(primary_key=True)
    action_id: UUID = Field(unique=True, foreign_key="engagement.errand.action_id")
    member_id: UUID = Field(index=True)
    endpoint: str = Field(foreign_key="engagement.webhook_endpoint.code")
    rule: str
    key: str
    consent: str | None
    asked_at: datetime = Field(sa_type=Moment)
    valid_until: datetime = Field(sa_type=Moment)
    state: str
    reason: str | None
    attempts: int
    sending: bool
    withdrawn: bool
    due_at: datetime | None = Field(sa_type=Moment)
    settled_at: datetime | None = Field(sa_type=Moment)


class WebhookAttempt(Base, table=True):
    """How one attempt to deliver ended: with a status, or with a fault before one."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (CheckConstraint("(status IS NULL) <> (fault IS NULL)", name="ended"),)
    delivery_id: UUID = Field(primary_key=True, foreign_key="engagement.webhook_delivery.id")
    number: int = Field(primary_key=True)
    ended_at: datetime = Field(sa_type=Moment)
    milliseconds: int
    status: int | None
    fault: str | None


class Complaint(Base, table=True):
    """A member's complaint 投訴; its text is nowhere else."""

    __tablename__ = "complaint"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'settled', 'taken_back')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("length(text) <= 2000", name="text"),
        Index("ix_complaint_member_id_id", "member_id", "id"),
        Index("ix_complaint_open", "id", postgresql_where=text("state = 'open'")),
    )
    id: UUID = Field(primary_key=True)
    member_id: UUID
    topic: str
    order_id: UUID | None
    text: str
    state: str
    opened_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(sa_type=Moment)
