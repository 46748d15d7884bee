"""The tables of lifecycle. The log's own tables are in `common.bus.tables`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
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
        Index(None, "lane", "member_id"),
        CheckConstraint("lane >= 0", name="lane"),
        CheckConstraint("(stage IS NULL) = (health IS NULL)", name="stands"),
        _ROOM,
    )
    member_id: UUID = Field(primary_key=True)
    lane: int = Field(sa_type=SmallInteger)
    state: bytes
    stage: str | None
    """None: they are another member now, or erased."""
    health: str | None
    due_at: datetime | None = Field(sa_type=Moment)
    """When they have to be woken at the latest; their timer may be earlier, never later."""
    version: int
    """Of the policy that they live by."""


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
        Index(None, "turn_at", postgresql_where=text("type = 'huitou.members.member.merged.v1'")),
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
    revision: int = Field(sa_type=BigInteger)
    """What was in force when it was read; see `changes`."""


class LaneClock(Base, table=True):
    """A lane's two clocks. `gate_at` never goes back; `watermark`: all that was appended by then has been read."""

    __tablename__ = "lane_clock"
    __table_args__ = (_ROOM,)
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    gate_at: datetime = Field(sa_type=Moment)
    watermark: datetime | None = Field(sa_type=Moment)
    read_to: datetime | None = Field(sa_type=Moment)
    """All that was appended by then has been read in this lane; time may have to wait for others, too."""
    beat_at: datetime | None = Field(sa_type=Moment)
    """By the gate clock, when the journal last had to tell the time."""


class Merger(Base, table=True):
    """Who is whom 會員合併, as it was read: kept so that nobody becomes another who is them."""

    __tablename__ = "merger"
    __table_args__ = (
        CheckConstraint("member_id <> root_id", name="root"),
        Index(None, "lane", postgresql_where=text("root_id IS NOT NULL")),
    )
    member_id: UUID = Field(primary_key=True)
    lane: int = Field(sa_type=SmallInteger)
    root_id: UUID | None
    """None: parted again."""
    changed_at: datetime = Field(sa_type=Moment)


class ForwardedEvent(Base, table=True):
    """What is on its way from a lane to a member in another. What one lane sends has its order; whoever takes it deletes it."""

    __tablename__ = "forwarded_event"
    __table_args__ = (Index(None, "lane", "number"), Index(None, "at"))
    number: int = _number()
    lane: int = Field(sa_type=SmallInteger)
    """The receiver's."""
    member_id: UUID
    at: datetime = Field(sa_type=Moment)
    """Logical time of the sender."""
    type: str
    event_id: UUID
    envelope: bytes


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
    version: int
    grounds: dict[str, Any] = Field(sa_type=JSONB)
    """The values by which they stand so."""


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


class PolicyVersion(Base, table=True):
    """The text of a version 版本 of the policy, as it was prepared. Never changed."""

    __tablename__ = "policy_version"
    __table_args__ = (CheckConstraint("number > 0", name="number"),)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    text: str
    tz: str
    """The zone of a policy that names none."""
    metrics: dict[str, int] = Field(sa_type=JSONB)
    """The permanent number of each, by which its facts are kept."""
    attributes: dict[str, int] = Field(sa_type=JSONB)


class PolicyChange(Base, table=True):
    """What was changed 變更, by whom and when. What is in force is what these come to, in their order."""

    __tablename__ = "policy_change"
    __table_args__ = (
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("kind IN ('prepared', 'published', 'abandoned', 'paused', 'resumed')", name="kind"),
        CheckConstraint("(kind IN ('paused', 'resumed')) = (rule IS NOT NULL)", name="rule"),
        CheckConstraint("(kind IN ('prepared', 'published', 'abandoned')) = (version IS NOT NULL)", name="version"),
        CheckConstraint("(kind = 'published') = (effective_at IS NOT NULL)", name="effective"),
        Index(None, "version", unique=True, postgresql_where=text("kind = 'published'")),
    )
    revision: int = Field(
        sa_column=Column("revision", BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    at: datetime = Field(sa_type=Moment)
    kind: str
    version: int | None = Field(foreign_key="policy_version.number")
    rule: str | None
    effective_at: datetime | None = Field(sa_type=Moment)
    operator_id: UUID | None
    """None: the installation itself."""
    note: str


class Journal(Base, table=True):
    """The journal 日誌: what each batch of a lane took in. From it everything else can be made again, to the byte."""

    __tablename__ = "journal"
    __table_args__ = (
        CheckConstraint("kind IN ('events', 'time', 'enrolment')", name="kind"),
        CheckConstraint("number > 0", name="number"),
        Index(None, "lane", "gate_at"),
    )
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(sa_column=Column("number", BigInteger, primary_key=True, autoincrement=False, nullable=False))
    kind: str
    gate_at: datetime = Field(sa_type=Moment)
    watermark: datetime | None = Field(sa_type=Moment)
    revision: int = Field(sa_type=BigInteger)
    software: str
    """The engine's and the time zones' data."""
    subjects: bytes
    """The first four bytes of the id of each member in it: whoever looks for one finds the few rows to open."""
    inputs: bytes


class Receipt(Base, table=True):
    """A decision 決定 and what it was taken by: acted, held out, waiting, or given up."""

    __tablename__ = "receipt"
    __table_args__ = (
        Index(None, "member_id", "number"),
        Index(None, "rule", "number"),
        Index(None, "gate_at", postgresql_using="brin"),
        CheckConstraint("attempt >= 0", name="attempt"),
    )
    number: int = _number()
    member_id: UUID
    rule: str
    key: str
    version: int
    at: datetime = Field(sa_type=Moment)
    """Logical time of what triggered the rule."""
    gate_at: datetime = Field(sa_type=Moment)
    outcome: str
    """`acted`, or the reason why not."""
    until: datetime | None = Field(sa_type=Moment)
    """When it is decided again."""
    attempt: int = Field(sa_type=SmallInteger)
    detail: bytes
    """The values of the leaves, and what else decided."""


class ReceiptCount(Base, table=True):
    """Decisions not to act that changed nothing: one row a member, rule, reason and business day, with the latest's values."""

    __tablename__ = "receipt_count"
    __table_args__ = (Index(None, "day", postgresql_using="brin"), CheckConstraint("times > 0", name="times"), _ROOM)
    member_id: UUID = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    times: int
    version: int
    at: datetime = Field(sa_type=Moment)
    detail: bytes


class Walk(Base, table=True):
    """A walk over the members of a lane, in the order of their ids: for a version of the policy (what it would change, to
    count what it counts anew, to take them to it) or for an enrolment.
    """

    __tablename__ = "walk"
    __table_args__ = (
        CheckConstraint("kind IN ('impact', 'backfill', 'sweep', 'enrolment')", name="kind"),
        CheckConstraint("members >= 0", name="members"),
        Index(None, "lane", postgresql_where=text("finished_at IS NULL")),
        _ROOM,
    )
    what_for: str = Field(primary_key=True)
    """The version's number, or the enrolment's id."""
    kind: str = Field(primary_key=True)
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_id: UUID | None
    members: int = Field(sa_type=BigInteger)
    """Seen so far."""
    found: dict[str, Any] = Field(sa_type=JSONB)
    """What they came to, where that is asked."""
    started_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(sa_type=Moment)


class SegmentMember(Base, table=True):
    """Who is in a segment 分群, moved by the transaction that moves them."""

    __tablename__ = "segment_member"
    segment: str = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    since: datetime = Field(sa_type=Moment)


class SegmentCount(Base, table=True):
    """How many of a lane's members are in a segment."""

    __tablename__ = "segment_count"
    __table_args__ = (CheckConstraint("members >= 0", name="members"), _ROOM)
    lane: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    segment: str = Field(primary_key=True)
    members: int = Field(sa_type=BigInteger)


class Enrolment(Base, table=True):
    """Members who are brought a rule by an operator 登記, at a pace. Proposed first, then confirmed."""

    __tablename__ = "enrolment"
    __table_args__ = (
        CheckConstraint("per_minute > 0", name="per_minute"),
        CheckConstraint("members >= 0", name="members"),
        CheckConstraint("state IN ('proposed', 'running', 'finished', 'stopped')", name="state"),
        CheckConstraint("(state IN ('proposed')) = (confirmed_at IS NULL)", name="confirmed"),
        Index(None, "number", unique=True),
    )
    enrolment_id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_column=Column("number", BigInteger, Identity(always=True), nullable=False))
    rule: str
    stage: str | None
    health: str | None
    segment: str | None
    per_minute: int
    members: int = Field(sa_type=BigInteger)
    """How many it was proposed for."""
    state: str
    operator_id: UUID | None
    note: str
    created_at: datetime = Field(sa_type=Moment)
    confirmed_at: datetime | None = Field(sa_type=Moment)
    confirmed_by: UUID | None
    """None: nobody, or the command line; so is `stopped_by`."""
    stopped_by: UUID | None
    stopped_at: datetime | None = Field(sa_type=Moment)


class Replay(Base, table=True):
    """A replay 重演 that an operator asked for. Its process tells here how far it is, and reads here that it has to end."""

    __tablename__ = "replay"
    __table_args__ = (
        Index(None, "state", unique=True, postgresql_where=text("state = 'running'")),
        CheckConstraint("state IN ('running', 'done', 'failed', 'cancelled')", name="state"),
        CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished"),
    )
    replay_id: UUID = Field(primary_key=True)
    state: str
    asked: dict[str, Any] = Field(sa_type=JSONB)
    is_draft: bool
    first: date
    last: date
    member_id: UUID | None
    entries: int = Field(sa_type=BigInteger)
    of: int = Field(sa_type=BigInteger)
    """Entries that the journal held when it began."""
    operator_id: UUID
    asked_at: datetime = Field(sa_type=Moment)
    beat_at: datetime = Field(sa_type=Moment)
    """When its process last told of itself."""
    finished_at: datetime | None = Field(sa_type=Moment)
    report: dict[str, Any] | None = Field(sa_type=JSONB)
    error: str | None
    cancelled_by: UUID | None
