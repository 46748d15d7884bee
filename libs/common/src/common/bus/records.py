"""What handlers get: events with their place in the log; and the table that says who handles what."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from common.bus.position import Position
from common.connection import Record
from common.contracts.envelope import Envelope, decode
from common.contracts.event import Event
from common.db import UnitOfWork

E_co = TypeVar("E_co", bound=Event, covariant=True)


class LogRow(msgspec.Struct, frozen=True, gc=False):
    """A row of a producer's log as it was read: position and append time beside the bytes."""

    producer: str
    position: Position
    appended_at: datetime
    key: str
    type: str
    event_id: UUID
    envelope: bytes


class Received(msgspec.Struct, Generic[E_co], frozen=True, gc=False):
    """A typed event with its envelope and its place."""

    event: E_co
    envelope: Envelope
    row: LogRow

    @property
    def appended_at(self) -> datetime:
        return self.row.appended_at


def as_columns(rows: Sequence[LogRow]) -> tuple[list[Any], ...]:
    """Rows that are put aside, as arrays for `unnest`: producer, generation, position_id, appended_at, key, type, event_id,
    envelope.
    """
    return (
        [row.producer for row in rows],
        [row.position.generation for row in rows],
        [row.position.id for row in rows],
        [row.appended_at for row in rows],
        [row.key for row in rows],
        [row.type for row in rows],
        [row.event_id for row in rows],
        [row.envelope for row in rows],
    )


def from_columns(row: Record | Mapping[str, Any]) -> Received[Any]:
    """What was put aside, as it was received. Raises as `decode` does."""
    log_row = LogRow(
        producer=row["producer"],
        position=Position(row["generation"], row["position_id"]),
        appended_at=row["appended_at"],
        key=row["key"],
        type=row["type"],
        event_id=row["event_id"],
        envelope=row["envelope"],
    )
    envelope, event = decode(row["envelope"])
    return Received(event, envelope, log_row)


Handler = Callable[[UnitOfWork, Sequence[Received[Any]]], Awaitable[None]]
"""Handles a run of consecutive events that are all its own, in log order, in one transaction."""


@dataclass(frozen=True)
class Handlers:
    """A service's table of what it listens to.

    `ordered`: while an event of a key waits as a dead letter, later ones of that key wait behind it. A service whose
    handlers commute says False. `handed_over`: producers whose events come by the service's own tables, not by their log.
    """

    table: Mapping[type[Event], Handler] = field(default_factory=dict)
    ordered: bool = True
    handed_over: frozenset[str] = frozenset()
    at_once: int = 500
    """The most events of a batch: one transaction."""

    @property
    def producers(self) -> list[str]:
        return sorted({event.producer() for event in self.table} - self.handed_over)
