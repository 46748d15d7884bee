"""A row of the log as a record of Kafka: its bytes as they are, its place in headers that a person can read.

`position` and `prev` chain the records of a partition: `prev` is the position of the record before it there. `log` is the
identity of the outbox that they come from. A heartbeat has no key and an empty value: it says up to where its partition has
been written, and to which moment time is complete.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.bus.position import Position
from common.bus.records import LogRow

Header = tuple[str, bytes]

HEARTBEAT = b"heartbeat"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ForeignRecord(Exception):
    """A record that no relay of ours wrote."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a relay sends."""

    partition: int
    key: bytes | None
    value: bytes
    headers: list[Header]


@dataclass(frozen=True, slots=True)
class Chained:
    """A row with its place in the chain of its partition."""

    log: UUID
    offset: int
    prev: Position
    row: LogRow

    @property
    def position(self) -> Position:
        return self.row.position


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Up to where the partition has been written. `complete_to` None: the relay does not know any time yet."""

    log: UUID
    offset: int
    position: Position
    complete_to: datetime | None

    @property
    def prev(self) -> Position:
        return self.position


def write_row(row: LogRow, *, log: UUID, partition: int, prev: Position) -> Outgoing:
    headers = [
        ("log", str(log).encode()),
        ("position", _write_position(row.position)),
        ("prev", _write_position(prev)),
        ("type", row.type.encode()),
        ("event_id", str(row.event_id).encode()),
        ("appended_at", _write_moment(row.appended_at)),
    ]
    return Outgoing(partition, row.key.encode(), row.envelope, headers)


def write_heartbeat(*, log: UUID, partition: int, position: Position, complete_to: datetime | None) -> Outgoing:
    headers = [("log", str(log).encode()), ("position", _write_position(position)), ("type", HEARTBEAT)]
    if complete_to is not None:
        headers.append(("complete_to", _write_moment(complete_to)))
    return Outgoing(partition, None, b"", headers)


def read_record(
    producer: str, *, offset: int, key: bytes | None, value: bytes | None, headers: Sequence[Header]
) -> Chained | Heartbeat:
    """Raises ForeignRecord."""
    found = dict(headers)
    try:
        log, position = UUID(found["log"].decode()), _read_position(found["position"])
        if found["type"] == HEARTBEAT:
            complete_to = found.get("complete_to")
            return Heartbeat(log, offset, position, None if complete_to is None else _read_moment(complete_to))
        if key is None or value is None:
            raise ForeignRecord(f"{producer}: the record at offset {offset} has no key or no value")
        row = LogRow(
            producer=producer,
            position=position,
            appended_at=_read_moment(found["appended_at"]),
            key=key.decode(),
            type=found["type"].decode(),
            event_id=UUID(found["event_id"].decode()),
            envelope=value,
        )
        return Chained(log, offset, _read_position(found["prev"]), row)
    except (KeyError, ValueError, OverflowError) as error:
        raise ForeignRecord(f"{producer}: the record at offset {offset} is none of ours: {error!r}") from error


def _write_position(position: Position) -> bytes:
    return b"%d/%d" % (position.generation, position.id)


def _read_position(text: bytes) -> Position:
    generation, id_ = text.split(b"/")
    return Position(int(generation), int(id_))


def _write_moment(moment: datetime) -> bytes:
    """Microseconds since 1970."""
    return b"%d" % ((moment - _EPOCH) // _MICROSECOND)


def _read_moment(text: bytes) -> datetime:
    return _EPOCH + timedelta(microseconds=int(text))
