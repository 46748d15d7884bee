"""Reading one producer's log from its outbox, on the producer's primary."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from common.bus.cursors import Cursor
from common.bus.marks import Marks, Sight
from common.bus.outbox import read_floor
from common.bus.position import START, Position
from common.bus.records import LogRow
from common.clock import Clock
from common.connection import Connection, Record, connect

QUIET_MARK = timedelta(seconds=1)
"""Without news a mark is taken this often (or when a virtual clock has moved), so that a silent log's time is known."""

# The snapshot, then the clock, then the xid: the order the proof in `marks` needs. The xid is taken only for a mark.
# What comes later may still be appended in the same tick, and a virtual clock stands still for long: T is just before it.
_LOOK = """
WITH head AS MATERIALIZED (
    SELECT generation, id FROM outbox ORDER BY generation DESC, id DESC LIMIT 1
)
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, head.generation, head.id,
       coalesce($3::timestamptz, clock_timestamp()) - interval '1 microsecond' AS clock,
       CASE WHEN $4 OR (head.generation, head.id) > ($1::bigint, $2::bigint)
            THEN pg_current_xact_id()::text::bigint END AS mark_xid,
       EXISTS (
           SELECT FROM log_incarnation
           WHERE started = pg_postmaster_start_time() AND place = pg_relation_filepath('log_incarnation')
       ) AS begun
FROM (SELECT) AS once LEFT JOIN head ON true
"""

_READ = """
SELECT generation, id, appended_at, key, type, event_id, envelope,
       (SELECT generation FROM log_floor) AS floor_generation, (SELECT id FROM log_floor) AS floor_id
FROM outbox
WHERE (generation, id) >= ($1, $2) AND (generation, id) <= ($3, $4)
ORDER BY generation, id LIMIT $5
"""

_SURVIVOR = """
SELECT outbox.generation, outbox.id, outbox.event_id
FROM outbox JOIN unnest($1::bigint[], $2::bigint[]) AS passed (generation, id)
    ON outbox.generation = passed.generation AND outbox.id <= passed.id
ORDER BY outbox.generation DESC, outbox.id DESC LIMIT 1
"""

_UNREAD = """
SELECT count(*) AS unread, min(appended_at) AS oldest
FROM (SELECT appended_at FROM outbox WHERE (generation, id) > ($1, $2) ORDER BY generation, id LIMIT $3) AS waiting
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
        self._checked_at = float("-inf")

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
        """See what is new and what has become final.

        Nothing is before a generation has begun: after a restart its producer may be another copy of it, and while a dump
        is being loaded rows are missing. What was seen until then says nothing about what comes.
        """
        marked = self.marks.marked
        time = self._clock.log_time()
        quiet = time != self._marked_time or monotonic() - self._marked_at >= QUIET_MARK.total_seconds()
        row = await self.connection.fetchrow(_LOOK, marked.generation, marked.id, time, quiet)
        if row is None:
            raise RuntimeError("a statement that always gives one row gave none")
        if not row["begun"]:
            self.marks, self._marked_at = Marks(), float("-inf")
            return
        head = START if row["generation"] is None else Position(row["generation"], row["id"])
        if row["mark_xid"] is not None:
            self._marked_at = monotonic()
            self._marked_time = time
        self.marks.observe(Sight(row["xmin"], head, row["clock"], row["mark_xid"], monotonic()))

    @property
    def settling_seconds(self) -> float:
        """How long the oldest mark has been waiting for older transactions to end: the age of the horizon."""
        since = self.marks.pending_since
        return 0.0 if since is None else monotonic() - since

    async def read(self, cursor: Cursor, *, limit: int = 500) -> list[LogRow]:
        """The final rows after the cursor. Raises HistoryLost or Forked, now and then also without news: before time is
        said to be complete, the history must be known to be the one that was read.
        """
        news = self.marks.final > cursor.position
        if not news and monotonic() - self._checked_at < QUIET_MARK.total_seconds():
            return []
        first, last = cursor.position, max(cursor.position, self.marks.final)
        found = await self.connection.fetch(_READ, first.generation, first.id, last.generation, last.id, limit + 1)
        floor = Position(found[0]["floor_generation"], found[0]["floor_id"]) if found else await self.floor()
        rows = [self._row(record) for record in found]
        self._check(cursor, floor, rows[0] if rows and rows[0].position == cursor.position else None)
        self._checked_at = monotonic()
        return [row for row in rows if row.position > cursor.position][:limit]

    def _check(self, cursor: Cursor, floor: Position, here: LogRow | None) -> None:
        """The floor comes first: days are cut by time, so a row below it may outlive rows that came after it."""
        read = f"{self.producer}: {self._group} has read up to {cursor.position}"
        if cursor.position < floor:
            raise HistoryLost(f"{read}, the log begins after {floor}")
        if cursor.event_id is None or (here is None and cursor.position == floor):
            return
        if here is None or here.event_id != cursor.event_id:
            raise Forked(f"{read}, where the log has {'nothing' if here is None else 'another event'} now")

    async def floor(self) -> Position:
        return await read_floor(self.connection)

    async def survivor(self, cursor: Cursor) -> Cursor:
        """Where to go on with a producer that has lost history: after the last event that was read and still exists."""
        floor = await self.floor()
        row = await self.connection.fetchrow(_SURVIVOR, list(cursor.ends), list(cursor.ends.values()))
        if row is None or Position(row["generation"], row["id"]) < floor:
            return Cursor(floor, None, cursor.ends)
        return Cursor(Position(row["generation"], row["id"]), row["event_id"], cursor.ends)

    async def unread(self, cursor: Position, *, limit: int = 100_000) -> tuple[int, datetime | None]:
        """How many visible rows come after a position, counted up to a limit, and when the oldest was appended."""
        row = await self.connection.fetchrow(_UNREAD, cursor.generation, cursor.id, limit)
        return (row["unread"], row["oldest"]) if row else (0, None)

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
