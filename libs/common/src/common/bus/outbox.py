"""Appending to the log: the outbox is the log.

One statement writes the events of a unit of work. It takes the transaction's xid, then the time, then the ids, in that
order, because the reader's proof needs it: an event appended at or before T has an xid below any mark taken after T.
It writes nothing when the log's present incarnation has no row, or the moment has no partition; the caller then prepares the
log on another connection and appends again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from uuid import UUID

from common.bus.position import START, Position
from common.connection import Connection
from common.contracts.envelope import encode
from common.contracts.log import GenerationStarted
from common.contracts.topics import generation_started_type, topic_name
from common.ids import new_id

DAYS_AHEAD = 7

_APPEND = """
WITH moment AS MATERIALIZED (
    SELECT generation, pg_current_xact_id() AS xid, coalesce($1::timestamptz, clock_timestamp()) AS at
    FROM log_incarnation
    WHERE started = pg_postmaster_start_time() AND place = pg_relation_filepath('log_incarnation')
)
INSERT INTO outbox (generation, xid, appended_at, topic, key, type, event_id, envelope)
SELECT moment.generation, moment.xid, moment.at, $2, event.key, event.type, event.event_id, event.envelope
FROM moment, unnest($3::text[], $4::text[], $5::uuid[], $6::bytea[])
    WITH ORDINALITY AS event (key, type, event_id, envelope, n)
WHERE to_regclass('outbox_' || to_char(moment.at AT TIME ZONE 'UTC', $7)) IS NOT NULL
ORDER BY event.n
RETURNING generation, id
"""

_BEGIN_GENERATION = """
INSERT INTO log_incarnation (generation, started, place)
SELECT greatest(coalesce(max(generation), 0) + 1, extract(epoch FROM clock_timestamp())::bigint),
       pg_postmaster_start_time(), pg_relation_filepath('log_incarnation')
FROM log_incarnation
HAVING bool_or(started = pg_postmaster_start_time() AND place = pg_relation_filepath('log_incarnation')) IS NOT TRUE
RETURNING generation, started
"""

# One lock for whatever prepares this schema's log; held for a few milliseconds.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('huitou.log'), hashtext(current_schema()))"

# Asked of the table of tables, not by `to_regclass`: what a session has cached does not change while it waits for that lock.
_IS_THERE = (
    "SELECT EXISTS (SELECT FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::text::regnamespace)"
)


class Span(Enum):
    """What one partition of the log holds, as the format of its first day. A log that is kept whole has months: each look
    at the log costs a little for each partition.
    """

    DAY = "YYYYMMDD"
    MONTH = 'YYYYMM"01"'

    def first(self, day: date) -> date:
        """The first day of the partition that holds a day."""
        return day if self is Span.DAY else day.replace(day=1)

    def following(self, day: date) -> date:
        """The first day of the partition after the one that begins on a day."""
        return day + timedelta(days=1) if self is Span.DAY else (day + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Appended:
    """An encoded event on its way into the outbox."""

    key: str
    type: str
    event_id: UUID
    envelope: bytes


async def append(
    connection: Connection, events: Sequence[Appended], *, service: str, at: datetime | None, span: Span = Span.DAY
) -> Position | None:
    """Write the events in order, in the caller's transaction; the position of the last.

    None: nothing was written, prepare the log first.
    """
    written = await connection.fetch(
        _APPEND,
        at,
        topic_name(service),
        [event.key for event in events],
        [event.type for event in events],
        [event.event_id for event in events],
        [event.envelope for event in events],
        span.value,
    )
    return Position(written[-1]["generation"], written[-1]["id"]) if written else None


async def read_floor(connection: Connection) -> Position:
    """What retention has removed ends here; START for a log that was never pruned."""
    row = await connection.fetchrow("SELECT generation, id FROM log_floor")
    return Position(row["generation"], row["id"]) if row else START


async def notice(connection: Connection) -> None:
    """Make a transaction that has tried to append see the partitions created since.

    A session learns of them when it locks a relation that it does not hold yet; the outbox it holds already.
    """
    await connection.execute("SELECT FROM log_floor")


async def prepare(connection: Connection, *, service: str, at: datetime | None, span: Span = Span.DAY) -> None:
    """Make the log ready to append: the partitions from now on, and the generation of the running server.

    Runs in transactions of its own; safe when many do it at once: one of them begins the generation.
    """
    await create_partitions(connection, at=at, span=span)
    async with connection.transaction():
        await connection.execute(_LOCK)
        begun = await connection.fetchrow(_BEGIN_GENERATION)
        if begun is None:
            return
        event = GenerationStarted(service=service, generation=begun["generation"], started_at=begun["started"])
        event_id = new_id()
        type_name = generation_started_type(service)
        time = at or begun["started"]
        envelope = encode(event, event_id=event_id, service=service, type_name=type_name, time=time)
        appended = Appended(event.subject, type_name, event_id, envelope)
        if await append(connection, [appended], service=service, at=at, span=span) is None:
            raise RuntimeError("the log has no partition for today although it was just created")


async def create_partitions(
    connection: Connection, *, at: datetime | None, ahead: int = DAYS_AHEAD, span: Span = Span.DAY
) -> list[str]:
    """Create the missing partitions for the day of `at` (None: the database's clock) and the days ahead; those created."""
    moment = at or await connection.fetchval("SELECT clock_timestamp()")
    today = moment.astimezone(UTC).date()
    wanted = {partition_name(day): day for day in (span.first(today + timedelta(days=n)) for n in range(ahead + 1))}
    present = await connection.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL", list(wanted)
    )
    for row in present:
        del wanted[row["name"]]
    return [name for name, first in wanted.items() if await _create(connection, name, first, span.following(first))]


async def _create(connection: Connection, name: str, first: date, following: date) -> bool:
    """Create apart and attach: that takes no lock that an append waits for (`PARTITION OF` would)."""
    async with connection.transaction():
        await connection.execute(_LOCK)
        if await connection.fetchval(_IS_THERE, name):
            return False
        await connection.execute(
            f"CREATE TABLE {name} (LIKE outbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
            f"ALTER TABLE outbox ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{first} 00:00:00+00') TO ('{following} 00:00:00+00');"
        )
        return True


def partition_name(first: date) -> str:
    return f"outbox_{first:%Y%m%d}"
