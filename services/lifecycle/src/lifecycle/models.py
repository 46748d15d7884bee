"""The tables of lifecycle. The log's own tables are in `common.bus.tables`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from common.models import Moment, service_metadata

metadata = service_metadata("lifecycle")

_ROOM = {"postgresql_with": {"fillfactor": "70"}}
"""Room on each page for the next version of its rows: no index entry is written where no indexed column changed."""


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass


def _number() -> Any:
    """A row's place in the order of writing."""
    return Field(default=None, sa_column=Column("number", BigInteger, Identity(always=True), primary_key=True))


class Member(Base, table=True):
    """A member as the engine knows them. Only `state`, and `due_at`, change with every event: no index has them."""

    __tablename__ = "member"
    __table_args__ = (
        Index(None, "stage", "member_id"),
        Index(None, "health", "member_id"),
        CheckConstraint("lane >= 0", name="lane"),
        _ROOM,
    )
    member_id: UUID = Field(primary_key=True)
    lane: int = Field(sa_type=SmallInteger)
    state: bytes
    stage: str
    health: str
    due_at: datetime | None = Field(sa_type=Moment)
    """When they have to be woken at the latest; their timer may be earlier, never later."""


class MemberTimer(Base, table=True):
    """The one armed timer of a member, written only when it moves earlier. Losing it loses nothing: see `timers`."""

    __tablename__ = "member_timer"
    __table_args__ = (Index(None, "lane", "due_at"),)
    member_id: UUID = Field(primary_key=True)
    lane: int = Field(sa_type=SmallInteger)
    due_at: datetime = Field(sa_type=Moment)


class WaitingEvent(Base, table=True):
    """An event that would carry a member over something due that may still be changed by an unread one."""

    __tablename__ = "waiting_event"
    __table_args__ = (
        Index(None, "member_id", "turn_at", "number"),
        UniqueConstraint("producer", "generation", "position_id"),
    )
    number: int = _number()
    member_id: UUID
    turn_at: datetime = Field(sa_type=Moment)
    """Those of a member are stepped in this order."""
    producer: str
    generation: int = Field(sa_type=BigInteger)
    position_id: int = Field(sa_type=BigInteger)
    appended_at: datetime = Field(sa_type=Moment)
    key: str
    type: str
    event_id: UUID
    envelope: bytes


class LaneClock(Base, table=True):
    """A lane's two clocks. `gate_at` never goes back; `watermark`: all that was appended by then has been read."""

    __tablename__ = "lane_clock"
    __table_args__ = (_ROOM,)
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    gate_at: datetime = Field(sa_type=Moment)
    watermark: datetime | None = Field(sa_type=Moment)


class StandingCount(Base, table=True):
    """How many members of a lane stand so, moved by the transaction that moves them. A lane has one writer at a time."""

    __tablename__ = "standing_count"
    __table_args__ = (CheckConstraint("members >= 0", name="members"), _ROOM)
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    stage: str = Field(primary_key=True)
    health: str = Field(primary_key=True)
    members: int = Field(sa_type=BigInteger)


class Transition(Base, table=True):
    """A member entered a value 狀態變化, or left a segment, once for each episode of it."""

    __tablename__ = "transition"
    __table_args__ = (
        UniqueConstraint("member_id", "dimension", "current", "episode", postgresql_nulls_not_distinct=True),
        Index(None, "at", postgresql_include=["dimension", "previous", "current"]),
        CheckConstraint("cause IN ('event', 'time', 'policy', 'merge', 'correction')", name="cause"),
        CheckConstraint("episode > 0", name="episode"),
    )
    number: int = _number()
    member_id: UUID
    dimension: str
    """`stage`, `health`, or a segment by its name."""
    previous: str | None
    current: str | None
    """None: the segment was left."""
    episode: int
    at: datetime = Field(sa_type=Moment)
    cause: str


class Action(Base, table=True):
    """An action 動作 that was asked for, and what became of it. The engine's own truth is in the member's state."""

    __tablename__ = "action"
    __table_args__ = (
        Index(None, "member_id", "number"),
        Index(None, "rule", "number"),
        UniqueConstraint("number"),
        CheckConstraint(
            "state IN ('requested', 'unknown', 'done', 'refused', 'failed', 'undoing', 'undone', 'kept')", name="state"
        ),
        CheckConstraint("(state IN ('requested', 'unknown')) = (settled_at IS NULL)", name="settled"),
        CheckConstraint("asks > 0", name="asks"),
        {"postgresql_with": {"fillfactor": "60"}},
    )
    action_id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_column=Column("number", BigInteger, Identity(always=True), nullable=False))
    member_id: UUID
    rule: str
    key: str
    attempt: int
    kind: str
    detail: dict[str, Any] = Field(sa_type=JSONB)
    at: datetime = Field(sa_type=Moment)
    """Logical time of what triggered the rule."""
    valid_until: datetime = Field(sa_type=Moment)
    state: str
    asks: int
    requested_at: datetime = Field(sa_type=Moment)
    settled_at: datetime | None = Field(sa_type=Moment)
    reason: str | None


class ActionCount(Base, table=True):
    """How many actions of a lane's members are in a state, moved by the transaction that moves them."""

    __tablename__ = "action_count"
    __table_args__ = (CheckConstraint("actions >= 0", name="actions"), _ROOM)
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    rule: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    actions: int = Field(sa_type=BigInteger)
