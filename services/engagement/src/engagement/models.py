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


class MessageAction(Base, table=True):
    """What became of a message that the lifecycle asked for; its row is taken first, so that it is sent once.

    `outcome` is null only inside the transaction that carries it out.
    """

    __tablename__ = "message_action"
    __table_args__ = (
        ForeignKeyConstraint(["message_id", "member_id"], ["engagement.message.id", "engagement.message.member_id"]),
        CheckConstraint("outcome IN ('sent', 'refused')", name="outcome"),
        CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(outcome = 'sent') = (message_id IS NOT NULL)", name="sent"),
    )
    action_id: UUID = Field(primary_key=True)
    member_id: UUID
    template: str
    channel: str
    outcome: str | None
    reason: str | None
    message_id: UUID | None = Field(unique=True)
    settled_at: datetime = Field(sa_type=Moment)
