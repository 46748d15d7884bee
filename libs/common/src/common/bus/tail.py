"""Reading one producer's log from its outbox, on the producer's primary."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from common.bus.marks import Marks, Sight
from common.bus.position import START, Position
from common.bus.records import LogRow
from common.clock import Clock
from common.connection import Connection, Record, connect

BATCH = 500
QUIET_MARK = timedelta(seconds=1)
"""Without news a mark is taken this often (or when a virtual clock has moved), so that a silent log's time is known."""

# The snapshot, then the clock, then the xid: the order the proof in `marks` needs. The xid is taken only for a mark.
# A virtual clock stands still while events are appended, so at its T only what is before T can be complete.
_LOOK = """
WITH head AS MATERIALIZED (
    SELECT generation, id FROM outbox ORDER BY generation DESC, id DESC LIMIT 1
)
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, head.generation, head.id,
       coalesce($3::timestamptz - interval '1 microsecond', clock_timestamp()) AS clock,
       CASE WHEN $4 OR (head.generation, head.id) > ($1::bigint, $2::bigint)
            THEN pg_current_xact_id()::text::bigint END AS mark_xid
FROM (SELECT) AS once LEFT JOIN head ON true
"""

_READ = """
SELECT generation, id, appended_at, key, type, event_id, envelope FROM outbox
WHERE (generation, id) >= ($1, $2) AND (generation, id) <= ($3, $4)
ORDER BY generation, id LIMIT $5
"""


class HistoryLost(Exception):
    """The cursor is below the floor: events were pruned before this group read them."""


class Forked(Exception):
    """The event at the cursor is gone: the producer's history is no longer the one this group has read."""


class Tail:
    """One producer's log as one consumer sees it. Not safe for concurrent use: one task, one connection."""

    def __init__(self, *, url: str, producer: str, group: str, clock: Clock) -> None:
        self.producer = producer
        self.marks = Marks()
        self.complete_to: datetime | None = None
        """Every event that was appended at or before it has been read. None: nothing is known yet."""
        self._url = url
        self._group = group
        self._clock = clock
        self._connection: Connection | None = None
        self._marked_at = float("-inf")
        self._marked_time: datetime | None = None

    async def open(self) -> None:
        self._connection = await connect(self._url, schema=self.producer, application=f"{self._group}.reader")

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.terminate()

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise RuntimeError(f"the log of {self.producer} is not open")
        return self._connection

    async def look(self) -> None:
        """See what is new and what has become final."""
        marked = self.marks.marked
        time = self._clock.log_time()
        quiet = time != self._marked_time or monotonic() - self._marked_at >= QUIET_MARK.total_seconds()
        row = await self.connection.fetchrow(_LOOK, marked.generation, marked.id, time, quiet)
        if row is None:
            raise RuntimeError("a statement that always gives one row gave none")
        head = START if row["generation"] is None else Position(row["generation"], row["id"])
        if row["mark_xid"] is not None:
            self._marked_at = monotonic()
            self._marked_time = time
        self.marks.observe(Sight(row["xmin"], head, row["clock"], row["mark_xid"]))

    @property
    def settling_seconds(self) -> float:
        """How long the latest mark has been waiting for older transactions to end: the age of the horizon."""
        return monotonic() - self._marked_at if self.marks.pending else 0.0

    async def read(self, cursor: Position, event_id: UUID | None, *, limit: int = BATCH) -> list[LogRow]:
        """The final rows after the cursor, whose own row must still be there. Raises HistoryLost or Forked."""
        if self.marks.final <= cursor:
            return []
        final = self.marks.final
        found = await self.connection.fetch(_READ, cursor.generation, cursor.id, final.generation, final.id, limit + 1)
        rows = [self._row(record) for record in found]
        if rows and rows[0].position == cursor and rows[0].event_id == event_id:
            return rows[1:]
        await self._explain_missing(cursor)
        return rows[:limit]

    async def _explain_missing(self, cursor: Position) -> None:
        """The cursor's row is not there: that is right only at the floor."""
        floor = await self.floor()
        if cursor < floor:
            raise HistoryLost(f"{self.producer}: {self._group} has read up to {cursor}, the log begins after {floor}")
        if cursor != floor:
            raise Forked(f"{self.producer}: {self._group} has read up to {cursor}, which is no longer in the log")

    async def floor(self) -> Position:
        row = await self.connection.fetchrow("SELECT generation, id FROM log_floor")
        return Position(row["generation"], row["id"]) if row else START

    async def survivor(self, cursor: Position) -> tuple[Position, UUID | None]:
        """The greatest position at or below the cursor that still exists, with its event id; else the floor."""
        row = await self.connection.fetchrow(
            "SELECT generation, id, event_id FROM outbox WHERE (generation, id) <= ($1, $2)"
            " ORDER BY generation DESC, id DESC LIMIT 1",
            cursor.generation,
            cursor.id,
        )
        return (Position(row["generation"], row["id"]), row["event_id"]) if row else (await self.floor(), None)

    async def count_after(self, cursor: Position, *, limit: int = 100_000) -> int:
        """How many visible rows are unread, counted up to a limit."""
        return int(
            await self.connection.fetchval(
                "SELECT count(*) FROM (SELECT FROM outbox WHERE (generation, id) > ($1, $2) LIMIT $3) AS unread",
                cursor.generation,
                cursor.id,
                limit,
            )
        )

    def has_read(self, position: Position) -> None:
        """The effects up to this position are committed: time may be complete up to here."""
        stated = self.marks.complete_to(position)
        if stated is not None:
            self.complete_to = stated if self.complete_to is None else max(self.complete_to, stated)

    def _row(self, record: Record) -> LogRow:
        return LogRow(
            producer=self.producer,
            position=Position(record["generation"], record["id"]),
            appended_at=record["appended_at"],
            key=record["key"],
            type=record["type"],
            event_id=record["event_id"],
            envelope=record["envelope"],
        )


def lag_seconds(rows: Sequence[LogRow], now: datetime) -> float:
    """How old the oldest of the rows is."""
    return max(((now - row.appended_at).total_seconds() for row in rows[:1]), default=0.0)
