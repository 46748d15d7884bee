"""A partition's records, made by hand: `record(5, after=4)`."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.bus.kafka.wire import Chained, Heartbeat
from common.bus.position import Position
from common.bus.records import LogRow

LOG = UUID(int=7)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def at(number: int, generation: int = 1) -> Position:
    """0 is the start of every log."""
    return Position(generation if number else 0, number)


def record(number: int, *, after: int | Position, offset: int = 0, generation: int = 1, log: UUID = LOG) -> Chained:
    appended_at = NOW + timedelta(seconds=number)
    row = LogRow("members", at(number, generation), appended_at, "key", "type", UUID(int=number), b"{}")
    return Chained(log, offset, after if isinstance(after, Position) else at(after), row)


def heartbeat(number: int, *, offset: int = 0, seconds: int | None = None, log: UUID = LOG) -> Heartbeat:
    """That the partition was written up to a number, and time is complete to so many seconds."""
    return Heartbeat(log, offset, at(number), None if seconds is None else NOW + timedelta(seconds=seconds))
