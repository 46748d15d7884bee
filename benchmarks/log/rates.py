"""Events a second: appended, consumed, both at once, and what the same rows cost without a log."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from time import monotonic

from benchmarks.log.ledger import PRODUCER, Ledger, Transport, earned

from common.contracts.envelope import encode
from common.contracts.topics import topic_name
from common.ids import new_id
from common.testing.waiting import eventually

WRITERS = (1, 16)
BACKLOG, TOLD_AT_ONCE, READ_AT_ONCE = 20_000, 500, 500
CATCH_UP_SECONDS = 120.0

BARE_INSERT, APPEND, BOTH = "bare INSERT", "append", "append and consume at once, with effects"
BARE_READ, CONSUME = "bare read", "consume a backlog, with effects"

_INSERT = "INSERT INTO bare (appended_at, topic, key, type, event_id, envelope) VALUES ($1, $2, $3, $4, $5, $6)"
_COPY = f"INSERT INTO bare (appended_at, topic, key, type, event_id, envelope) SELECT appended_at, topic, key, type, event_id, envelope FROM outbox ORDER BY generation, id LIMIT {BACKLOG}"
_READ = (
    f"SELECT id, appended_at, key, type, event_id, envelope FROM bare WHERE id > $1 ORDER BY id LIMIT {READ_AT_ONCE}"
)

Write = Callable[[int], Awaitable[object]]


async def measure_rates(
    ledger: Ledger, transport: Transport, *, seconds: float, numbers: "count[int]"
) -> dict[tuple[str, int], float]:
    """One repetition: events a second by what was done and by how many writers; 0 where none write."""
    rates: dict[tuple[str, int], float] = {}
    for writers in WRITERS:
        for what, write in ((BARE_INSERT, _bare_insert(ledger)), (APPEND, ledger.append)):
            rates[what, writers] = await _write(write, writers=writers, seconds=seconds, numbers=numbers)
    waiting = await _tell_backlog(ledger, numbers)
    rates[BARE_READ, 0] = await _read_bare(ledger)
    rates[CONSUME, 0] = await _consume(ledger, transport, waiting)
    for writers in WRITERS:
        rates[BOTH, writers] = await _both(ledger, transport, writers=writers, seconds=seconds, numbers=numbers)
    await ledger.forget()
    return rates


async def _write(write: Write, *, writers: int, seconds: float, numbers: "count[int]") -> float:
    """Each writer writes again as soon as it has written."""
    began = monotonic()
    written = 0

    async def work() -> None:
        nonlocal written
        while monotonic() - began < seconds:
            await write(next(numbers))
            written += 1

    await asyncio.gather(*(work() for _ in range(writers)))
    return written / (monotonic() - began)


def _bare_insert(ledger: Ledger) -> Write:
    """Of the very columns that an append writes, encoded as they are there."""

    async def insert(number: int) -> None:
        event, event_id, now = earned(number), new_id(), ledger.producer.clock.now()
        name = event.type_name()
        envelope = encode(event, event_id=event_id, service=PRODUCER, type_name=name, time=now)
        await ledger.producer.pool.execute(_INSERT, now, topic_name(PRODUCER), event.subject, name, event_id, envelope)

    return insert


async def _tell_backlog(ledger: Ledger, numbers: "count[int]") -> int:
    """Many events in one unit of work; how many the group has not handled now."""
    for _ in range(BACKLOG // TOLD_AT_ONCE):
        async with ledger.producer.transaction() as uow:
            for _ in range(TOLD_AT_ONCE):
                uow.append(earned(next(numbers)))
    waiting: int = await ledger.producer.fetchval("SELECT count(*) FROM outbox WHERE type = $1", earned(0).type_name())
    return waiting - ledger.handled


async def _read_bare(ledger: Ledger) -> float:
    """Read as many rows as the backlog has, in order, and only count them."""
    await ledger.producer.pool.execute("TRUNCATE bare")
    await ledger.producer.pool.execute(_COPY)
    began, last, read = monotonic(), 0, 0
    while rows := await ledger.producer.fetch(_READ, last):
        last, read = rows[-1]["id"], read + len(rows)
    return read / (monotonic() - began)


async def _consume(ledger: Ledger, transport: Transport, waiting: int) -> float:
    """From the first batch that is committed to the last."""
    before = ledger.handled
    ledger.batches.clear()
    async with ledger.consuming(transport):
        await eventually(lambda: ledger.handled - before >= waiting, seconds=CATCH_UP_SECONDS, what="the backlog's end")
    (first, began), (_, ended) = ledger.batches[0], ledger.batches[-1]
    return (ledger.handled - first) / (ended - began)


async def _both(ledger: Ledger, transport: Transport, *, writers: int, seconds: float, numbers: "count[int]") -> float:
    """From the first append to the last effect."""
    before = ledger.handled
    async with ledger.consuming(transport):
        await ledger.append(next(numbers))
        await eventually(lambda: ledger.handled > before, what="the consumer's start")
        began, first = monotonic(), next(numbers)
        await _write(ledger.append, writers=writers, seconds=seconds, numbers=numbers)
        written = next(numbers) - first - 1
        await eventually(lambda: ledger.handled - before > written, seconds=CATCH_UP_SECONDS, what="the last effect")
    return written / (ledger.batches[-1][1] - began)
