"""A producer's log as its readers see it: whole and in order, but late while its relay is down."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from common.bus.lanes import lane_of
from common.bus.position import Position
from common.bus.records import LogRow, Received
from common.contracts.envelope import Envelope, caused_id, decode, encode
from common.contracts.event import Event

INSTANT = timedelta(microseconds=1)
_NOBODY = UUID(int=0)

Row = Received[Any]


@dataclass
class Log:
    producer: str
    rows: list[Row] = field(default_factory=list)
    lanes: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    skew: timedelta = timedelta(0)
    """How far the producer's clock is ahead."""
    down_since: datetime | None = None
    down_until: datetime | None = None
    _readable: int = 0

    def append(
        self,
        event: Event,
        *,
        now: datetime,
        own_time: datetime | None = None,
        cause: Envelope | None = None,
        event_id: UUID | None = None,
        depth: int | None = None,
    ) -> Row:
        """As a unit of work does it: what is caused has the id and the depth that follow from its cause."""
        at, kind = now + self.skew, event.type_name()
        if event_id is None:
            event_id = caused_id(cause.id, kind, 0) if cause else uuid5(_NOBODY, f"{self.producer} {len(self.rows)}")
        next_depth = cause.causationdepth + 1 if cause else 0
        encoded = encode(
            event,
            event_id=event_id,
            service=self.producer,
            type_name=kind,
            time=own_time or at,
            causation_id=cause.id if cause else None,
            causation_depth=next_depth if depth is None else depth,
        )
        row = LogRow(self.producer, Position(1, len(self.rows) + 1), at, event.subject, kind, event_id, encoded)
        envelope, decoded = decode(encoded)
        received = Received(decoded, envelope, row)
        self.rows.append(received)
        self.lanes[lane_of(event.subject)].append(received)
        return received

    def go_down(self, now: datetime, until: datetime) -> None:
        if not self.is_down(now):
            self.down_since, self._readable = now, len(self.rows)
            self.down_until = until

    def is_down(self, now: datetime) -> bool:
        return self.down_until is not None and now < self.down_until

    def readable(self, now: datetime) -> int:
        """How many of its rows."""
        return self._readable if self.is_down(now) else len(self.rows)

    def unread(self, lane: int, read: int, now: datetime) -> list[Row]:
        """Of a lane of which so many rows were read."""
        last = self.readable(now)
        rows = self.lanes.get(lane, [])
        return [row for row in rows[read:] if row.row.position.id <= last] if read < len(rows) else []

    def complete_to(self, lane: int, read: int, now: datetime) -> datetime:
        """Every row of the lane that was appended by then is among those that were read."""
        clock = self.down_since if self.is_down(now) and self.down_since else now
        unread = (row.appended_at for row in self.lanes.get(lane, [])[read:])
        return min([clock + self.skew, *unread]) - INSTANT
