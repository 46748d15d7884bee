"""Why positions are (generation, id) and read by marks: on real contention the tempting rules lose or turn events around."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from time import monotonic
from typing import Self

import pytest

from common.bus.cursors import Cursor
from common.bus.position import START
from common.bus.tail import Tail
from common.db import Database, UnitOfWork
from common.testing.waiting import eventually
from integration.bus.cluster import Cluster
from integration.bus.effects import earned, recording
from integration.bus.harness import GROUP, SECONDS, Log

pytestmark = pytest.mark.integration

SHOWN_SECONDS = 30.0
"""How long a tempting rule may take to show that it is wrong."""

Step = Callable[[], Awaitable[None]]


@dataclass
class Writers:
    """Many units of work at once, until told to stop."""

    count: int
    write: Step
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._run()) for _ in range(self.count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results), results

    async def _run(self) -> None:
        while True:
            await self.write()


async def bump(uow: UnitOfWork) -> None:
    """Change the one aggregate, and tell of it with its new version."""
    row = await uow.fetchrow("UPDATE counter SET version = version + 1 WHERE key = 'hot' RETURNING version")
    assert row is not None
    uow.append(earned(row["version"]))


async def test_the_order_of_a_key_is_the_order_of_its_versions(log: Log) -> None:
    """1. Twelve writers on one aggregate. The order of transaction ids is not the order of what happened: a transaction gets
    its id before it gets the lock.
    """
    db = await log.db("members")
    async with db.transaction() as uow:
        await uow.execute("INSERT INTO counter VALUES ('hot', 0)")

    async def write() -> None:
        async with db.transaction() as uow:
            await bump(uow)

    async with log.consuming(recording()), Writers(12, write):
        deadline = monotonic() + SHOWN_SECONDS
        while not await inverted(log):
            assert monotonic() < deadline, "(xid, id) kept the order of the key: writers do not contend"
            await asyncio.sleep(0.1)
    await log.drain(recording())
    versions = await log.numbers()
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) == len(await log.events())


async def inverted(log: Log) -> int:
    """How often the rule (xid, id) would hand on a version before an earlier one."""
    db = await log.db("members")
    return int(
        await db.fetchval(
            "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY xid::text::bigint, id) AS previous FROM outbox) AS o"
            " WHERE id < previous"
        )
    )


class TemptedReader:
    """Marks as one would first write them: what is below the snapshot's xmax has ended once xmin reaches it.

    Wrong: xmax is above the last transaction that *ended*; there are running ones above it.
    """

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._mark = (0, 0)
        self.read: set[int] = set()

    async def look(self) -> None:
        row = await self._tail.connection.fetchrow(
            "SELECT pg_snapshot_xmin(s)::text::bigint AS xmin, pg_snapshot_xmax(s)::text::bigint AS xmax,"
            " coalesce((SELECT max(id) FROM outbox), 0) AS head FROM pg_current_snapshot() AS s"
        )
        assert row is not None
        head, xmax = self._mark
        if row["xmin"] >= xmax:
            rows = await self._tail.connection.fetch(
                "SELECT id FROM outbox WHERE id > $1 AND id <= $2", max(self.read, default=0), head
            )
            self.read |= {row["id"] for row in rows}
            self._mark = (row["head"], row["xmax"])

    async def has_lost(self) -> bool:
        """Whether there is a row now below one that was read, which will never be looked for."""
        sql = "SELECT count(*) FROM outbox WHERE id <= $1"
        return bool(await self._tail.connection.fetchval(sql, max(self.read, default=0)) > len(self.read))


async def append_now(db: Database, uow: UnitOfWork, number: int = 0) -> None:
    """Append in the middle of a unit of work; the suite's writers are mean, a service's append last."""
    uow.append(earned(number))
    await db._append(uow.connection, uow.events)
    uow._events.clear()


@pytest.fixture
async def tails(cluster: Cluster) -> AsyncIterator[tuple[Log, Tail, TemptedReader]]:
    """A log on a server of its own, whose horizon nobody else holds; a reader by marks; a tempted one."""
    log = cluster.log()
    await (await log.db("members")).prepare_log()
    marked, other = (Tail(url=log.url("members"), producer="members", group=GROUP, clock=log.clock) for _ in range(2))
    await marked.open()
    await other.open()
    yield log, marked, TemptedReader(other)
    await marked.close()
    await other.close()


async def test_marks_lose_nothing(tails: tuple[Log, Tail, TemptedReader]) -> None:
    """2. Sixteen writers, each of the same length, so that they end in the order of their xids; but they append in any."""
    log, tail, _ = tails
    db = await log.db("members")
    seed = random.randrange(2**32)
    rng = random.Random(seed)

    async def write() -> None:
        async with db.transaction() as uow:
            await uow.execute("INSERT INTO counter VALUES (gen_random_uuid()::text, 0)")
            before = rng.random() / 100
            await asyncio.sleep(before)
            await append_now(db, uow)
            await asyncio.sleep(1 / 100 - before)

    cursor, read = Cursor(START, None), list[int]()

    async def step() -> bool:
        nonlocal cursor
        await tail.look()
        rows = await tail.read(cursor)
        read.extend(row.position.id for row in rows)
        cursor = cursor.advanced(rows) if rows else cursor
        return bool(rows)

    async with Writers(16, write):
        deadline = monotonic() + SHOWN_SECONDS
        while len(read) < 500:
            assert monotonic() < deadline, f"{len(read)} read (seed {seed})"
            await step()
    while await step() or tail.marks.pending or tail.marks.final < await log.head():
        pass
    written = [row["id"] for row in await db.fetch("SELECT id FROM outbox ORDER BY id")]
    assert read == written, f"seed {seed}"


async def test_a_row_in_flight_below_the_head_is_waited_for(tails: tuple[Log, Tail, TemptedReader]) -> None:
    """2, step by step: what the rule by the snapshot's xmax reads past and loses, marks wait for."""
    log, tail, tempted = tails
    db = await log.db("members")
    cursor = Cursor(START, None)
    async with AsyncExitStack() as older, AsyncExitStack() as younger:
        first = await older.enter_async_context(db.transaction())
        second = await younger.enter_async_context(db.transaction())
        await first.execute("SELECT pg_current_xact_id()")
        await append_now(db, second, 1)
        await append_now(db, first, 2)
        await older.aclose()
        for _ in range(3):
            await tempted.look()
            await tail.look()
        in_flight = max(tempted.read) - 1
        assert in_flight not in tempted.read
        assert [row.position.id for row in await tail.read(cursor)] < [in_flight], "only what was there before both"
        await younger.aclose()
        assert await tempted.has_lost()
        await eventually(lambda: settled(tail), seconds=SECONDS)
        assert [row.position.id for row in await tail.read(cursor)][-2:] == [in_flight, in_flight + 1]


async def settled(tail: Tail) -> bool:
    await tail.look()
    return not tail.marks.pending
