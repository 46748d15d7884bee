"""Appending to the log: the outbox is the log.

One statement writes the events of a unit of work. It takes the transaction's xid, then the time, then the ids, in that
order, because the reader's proof needs it: an event appended at or before T has an xid below any mark taken after T.
It writes nothing when the log's present incarnation has no row, or the day has no partition; the caller then prepares the
log on another connection and appends again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from common.bus.position import Position
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
WHERE to_regclass('outbox_' || to_char(moment.at AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NOT NULL
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


@dataclass(frozen=True, slots=True)
class Appended:
    """An encoded event on its way into the outbox."""

    key: str
    type: str
    event_id: UUID
    envelope: bytes


async def append(
    connection: Connection, events: Sequence[Appended], *, service: str, at: datetime | None
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
    )
    return Position(written[-1]["generation"], written[-1]["id"]) if written else None


async def notice(connection: Connection) -> None:
    """Make a transaction that has tried to append see the partitions created since.

    A session learns of them when it locks a relation that it does not hold yet; the outbox it holds already.
    """
    await connection.execute("SELECT FROM log_floor")


async def prepare(connection: Connection, *, service: str, at: datetime | None) -> None:
    """Make the log ready to append: the days from now on, and the generation of the running server.

    Runs in transactions of its own; safe when many do it at once: one of them begins the generation.
    """
    await create_days(connection, at=at)
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
        if await append(connection, [appended], service=service, at=at) is None:
            raise RuntimeError("the log has no partition for today although it was just created")


async def create_days(connection: Connection, *, at: datetime | None, ahead: int = DAYS_AHEAD) -> list[date]:
    """Create the missing day partitions from the day of `at` (None: the database's clock); returns those created."""
    moment = at or await connection.fetchval("SELECT clock_timestamp()")
    first = moment.astimezone(UTC).date()
    wanted = [first + timedelta(days=n) for n in range(ahead + 1)]
    names = [partition_name(day) for day in wanted]
    present = await connection.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL", names
    )
    held = {row["name"] for row in present}
    missing = [day for day in wanted if partition_name(day) not in held]
    return [day for day in missing if await _create_day(connection, day)]


async def _create_day(connection: Connection, day: date) -> bool:
    """Create apart and attach: that takes no lock that an append waits for (`PARTITION OF` would)."""
    name = partition_name(day)
    async with connection.transaction():
        await connection.execute(_LOCK)
        if await connection.fetchval(_IS_THERE, name):
            return False
        start, end = f"{day} 00:00:00+00", f"{day + timedelta(days=1)} 00:00:00+00"
        await connection.execute(
            f"CREATE TABLE {name} (LIKE outbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
            f"ALTER TABLE outbox ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}');"
        )
        return True


def partition_name(day: date) -> str:
    return f"outbox_{day:%Y%m%d}"
