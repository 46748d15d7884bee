"""Changing the bus of a service that has read over the other one: exactly where it stands, so that nothing is lost or doubled.

Both changes are one transaction of the consumer. Whoever still reads over the old bus finds its place gone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from common.bus import cursors
from common.bus.cursors import Cursor
from common.bus.kafka import offsets, relay_state
from common.bus.kafka.chain import Baseline, Chain
from common.bus.kafka.offsets import Offset
from common.bus.kafka.relay_state import NotReady, Partitions
from common.bus.locks import EVERY_LANE, WHOLE, end_lanes, lock_lanes
from common.bus.outbox import read_floor
from common.bus.position import Position
from common.connection import Connection, connect
from common.db import Database, UnitOfWork
from common.runtime import Runtime

PAGE = 10_000


class NotDrained(NotReady):
    """Something that was carried over Kafka is not handled yet, or a relay has not noted it."""


@dataclass(frozen=True, slots=True)
class _Carried:
    """What a producer's relay has carried, as its database says."""

    cursor: Cursor
    tails: Sequence[Position]
    partitions: Partitions
    floor: Position


async def buses(db: Database) -> set[str]:
    """Over which buses the group of this service reads; nothing before it has begun."""
    found = await db.fetch(_BUSES, db.service)
    return {row["bus"] for row in found}


async def to_kafka(runtime: Runtime) -> dict[str, Position]:
    """Read over Kafka from now on; for each producer, where the change happens. Relays may run, the group's workers too.

    Raises NotReady.
    """
    group = runtime.service.name
    async with _logs(runtime) as logs:
        known = {producer: await _look_ahead(runtime.db, theirs, group, producer) for producer, theirs in logs.items()}
        read = {producer: lasts for producer, lasts in known.items() if lasts is not None}
        if not read:
            raise NotReady(f"{group} does not read over PostgreSQL")
        async with runtime.db.transaction() as uow:
            await lock_lanes(uow, group)
            changed = {
                producer: await _to_kafka(uow, logs[producer], group, producer, lasts)
                for producer, lasts in read.items()
            }
            await end_lanes(uow, group, [WHOLE])
    return changed


async def to_postgres(runtime: Runtime) -> dict[str, Position]:
    """Read the outboxes from now on; for each producer, where the change happens. Their relays have been stopped, and
    everything that they carried has been handled. Raises NotReady.
    """
    group = runtime.service.name
    async with _logs(runtime) as logs, runtime.db.transaction() as uow:
        await lock_lanes(uow, group)
        stood = {producer: await offsets.lock_all(uow, group=group, producer=producer) for producer in logs}
        if not any(stood.values()):
            raise NotReady(f"{group} does not read over Kafka")
        changed = {
            producer: await _to_postgres(uow, logs[producer], group, producer, its_own)
            for producer, its_own in stood.items()
            if its_own
        }
        await end_lanes(uow, group, EVERY_LANE)
    return changed


@asynccontextmanager
async def _logs(runtime: Runtime) -> AsyncIterator[dict[str, Connection]]:
    """A connection to the log of each producer."""
    async with AsyncExitStack() as stack:
        logs = {}
        for producer in runtime.service.handlers.producers:
            application = f"{runtime.service.name}.switch"
            logs[producer] = await connect(runtime.settings.log_url(producer), schema=producer, application=application)
            stack.push_async_callback(logs[producer].close)
        yield logs


@dataclass(frozen=True, slots=True)
class _Lasts:
    """For each partition, the last position at or below `until`; those are missing that the outbox no longer tells."""

    until: Position
    of: Mapping[int, Position]


async def _look_ahead(db: Database, theirs: Connection, group: str, producer: str) -> _Lasts | None:
    """Before anything is locked, since a long log takes long. None: the group has not begun to read it."""
    async with db.transaction() as uow:
        cursor = await cursors.read(uow, group=group, producer=producer)
    if cursor is None:
        return None
    return await _find_lasts(theirs, producer, await _carried(theirs, producer), until=cursor.position)


async def _to_kafka(uow: UnitOfWork, theirs: Connection, group: str, producer: str, known: _Lasts) -> Position:
    cursor = (await cursors.lock(uow, group=group, producer=producer)).cursor
    carried = await _carried(theirs, producer)
    if cursor.position < known.until:
        raise NotReady(f"{group} was set back in the log of {producer} just now: try again")
    lasts = await _go_on(theirs, producer, carried, known, until=cursor.position)
    await uow.execute("DELETE FROM log_cursor WHERE consumer_group = $1 AND producer = $2", group, producer)
    await offsets.begin(uow, group=group, producer=producer, partitions=carried.partitions.now)
    for number in range(carried.partitions.now):
        last = lasts.of.get(number)
        # What is not there was pruned after it was read over PostgreSQL: the next record may follow anything that was.
        chain = Chain(last or carried.floor, cursor.ends, baseline=None if last else Baseline.PASSED)
        await offsets.move(uow, Offset(chain=chain), group=group, producer=producer, partition=number)
    return cursor.position


async def _to_postgres(
    uow: UnitOfWork, theirs: Connection, group: str, producer: str, stood: Mapping[int, Offset]
) -> Position:
    if not await relay_state.take_lock(theirs, producer):
        raise NotReady(f"the relay of {producer} is running: stop it first")
    carried = await _carried(theirs, producer)
    for number, tail in enumerate(carried.tails):
        _require_drained(stood.get(number, Offset()), tail, carried.floor, where=f"partition {number} of {producer}")
    position = carried.cursor.position
    ends = {position.generation: position.id}
    for offset in stood.values():
        for generation, end in offset.chain.ends.items():
            ends[generation] = max(ends.get(generation, 0), end)
    await uow.execute("DELETE FROM log_offset WHERE consumer_group = $1 AND producer = $2", group, producer)
    await cursors.begin(uow, group=group, producer=producer, floor=position)
    await cursors.move(uow, Cursor(position, carried.cursor.event_id, ends), group=group, producer=producer)
    return position


def _require_drained(offset: Offset, tail: Position, floor: Position, *, where: str) -> None:
    """Not a record more either: what was handled beyond the tails is not the same place in every partition."""
    last = offset.chain.last
    if offset.gap or offset.fork or not (last == tail or (tail == floor and last < tail)):
        ahead = last > tail and not offset.gap and not offset.fork
        raise NotDrained(
            f"{where} is handled up to {last}, and was sent up to {tail}: "
            + (
                "its relay has not noted all that it sent; start it once more, and stop it"
                if ahead
                else "let the workers read the rest first"
            )
        )


async def _carried(theirs: Connection, producer: str) -> _Carried:
    async with theirs.transaction(isolation="repeatable_read", readonly=True):
        state = await relay_state.read(theirs)
        if state is None:
            raise NotReady(f"the log of {producer} was never carried to Kafka: run its relay first")
        return _Carried(
            cursor=state.cursor,
            tails=state.tails,
            partitions=await relay_state.read_partitions(theirs),
            floor=await read_floor(theirs),
        )


async def _find_lasts(theirs: Connection, producer: str, carried: _Carried, *, until: Position) -> _Lasts:
    begun = _Lasts(
        carried.cursor.position, {number: tail for number, tail in enumerate(carried.tails) if tail <= until}
    )
    found = dict((await _go_on(theirs, producer, carried, begun, until=until)).of)
    before = until
    while len(found) < carried.partitions.now and (rows := await theirs.fetch(_BACKWARD, *_pair(before), PAGE)):
        for row in rows:
            before = Position(row["generation"], row["id"])
            for number in carried.partitions.of(producer, key=row["key"], type_name=row["type"], position=before):
                found.setdefault(number, before)
        before = Position(before.generation, before.id - 1)
    return _Lasts(until, found)


async def _go_on(theirs: Connection, producer: str, carried: _Carried, known: _Lasts, *, until: Position) -> _Lasts:
    found, after = dict(known.of), known.until
    while rows := await theirs.fetch(_FORWARD, *_pair(after), *_pair(until), PAGE):
        for row in rows:
            after = Position(row["generation"], row["id"])
            for number in carried.partitions.of(producer, key=row["key"], type_name=row["type"], position=after):
                found[number] = after
    return _Lasts(until, found)


_FORWARD = """
SELECT generation, id, key, type FROM outbox WHERE (generation, id) > ($1, $2) AND (generation, id) <= ($3, $4)
ORDER BY generation, id LIMIT $5
"""
_BACKWARD = """
SELECT generation, id, key, type FROM outbox WHERE (generation, id) <= ($1, $2) ORDER BY generation DESC, id DESC LIMIT $3
"""


_BUSES = """
SELECT DISTINCT 'postgres' AS bus FROM log_cursor WHERE consumer_group = $1
UNION SELECT DISTINCT 'kafka' FROM log_offset WHERE consumer_group = $1
"""


def _pair(position: Position) -> tuple[int, int]:
    return position.generation, position.id
