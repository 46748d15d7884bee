"""Reader, consumer and producer end at any step: no event is lost, none has its effect twice, keys keep their order."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from common.bus.consumer import Consumer
from common.bus.position import Position
from common.contracts.members import PointsEarned, PointsReversed
from common.db import Database
from integration.bus.effects import POISON, earned, recording, reversed_
from integration.bus.harness import GROUP, ONLY_POSTGRES, Log
from integration.bus.interruptions import CancelledAt, CuttingProxy, Moment
from integration.bus.load import FAILURES

pytestmark = pytest.mark.integration

HANDLERS = recording(PointsEarned, PointsReversed)

CONNECTED = 40
"""The messages before it are those that connect and look around, where a batch's contents make no difference."""


class Told:
    """What was told so far, and whether the effects are that."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._count = 0
        self._poison = 0

    async def tell(self, *, poison: bool) -> Position:
        """A few events; with one that is poison the batch is bisected. The head then."""
        n = self._count
        bad = [earned(POISON, key=n + 9)] if poison else []
        await self._log.produce(earned(n), *bad, reversed_(n + 1))
        self._count += 2
        self._poison += len(bad)
        return await self._log.head()

    async def check(self, where: str) -> None:
        assert await self._log.numbers() == list(range(self._count)), where
        assert len(await self._log.letters(state=None)) == self._poison, where


async def consume_to(log: Log, db: Database, head: Position, *, url: str | None = None) -> None:
    """One life of a consumer, without supervision, until it has scanned the head."""
    stopping = asyncio.Event()
    consumer: Consumer

    async def on_progress(_: Mapping[str, datetime | None]) -> None:
        if consumer.feeds[0].cursor.position >= head:
            stopping.set()

    sources = {"members": url} if url else {}
    made = await log.consumer(HANDLERS, db=db, on_progress=on_progress, sources=sources)
    assert isinstance(made, Consumer)
    consumer = made
    await consumer._run(stopping)


@ONLY_POSTGRES
async def test_a_consumer_is_cancelled_at_every_await(log: Log) -> None:
    told, n = Told(log), 0
    cancelled = True
    while cancelled:
        n += 1
        head = await told.tell(poison=True)
        db = log.new_db(connections=2)
        await db.open()
        life = CancelledAt(n, consume_to(log, db, head))
        task = asyncio.ensure_future(life)
        await asyncio.wait({task}, timeout=30)
        assert task.done(), f"hangs when cancelled at await {n}"
        cancelled = life.was_cancelled
        assert task.cancelled() == cancelled or cancelled, f"at await {n}: {task}"
        await db.close()
        await consume_to(log, await log.db(), head)
        await told.check(f"cancelled at await {n}")
    assert n > 50


@pytest.fixture
async def proxy(log: Log) -> AsyncIterator[CuttingProxy]:
    """To the database of the group; `url` is the consumer's and the readers' way to it."""
    folder = Path(tempfile.mkdtemp(prefix="cut-"))
    proxy = CuttingProxy(folder, log.url(GROUP))
    async with proxy.running():
        yield proxy
    shutil.rmtree(folder)


@ONLY_POSTGRES
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_consumer_is_cut_off_at_every_message(log: Log, proxy: CuttingProxy, moment: Moment) -> None:
    """Its own connection and its reader's alike; a commit that was cut may have happened or not."""
    told, n, cut = Told(log), 0, True
    while cut:
        n += 1
        head = await told.tell(poison=moment == "after" and n > CONNECTED)
        proxy.cut_at(n, moment)
        db = log.new_db(connections=2, url=proxy.url)
        with suppress(*FAILURES):
            async with asyncio.timeout(20):
                await db.open()
                await consume_to(log, db, head, url=proxy.url)
        cut = proxy.has_cut
        proxy.cut_never()
        if db._pool is None:
            await db.open()
        await consume_to(log, db, head, url=proxy.url)
        await db.close()
        await told.check(f"cut {moment} message {n}")
    assert n > 30


async def append_with_state(db: Database, n: int) -> None:
    async with db.transaction() as uow:
        await uow.execute("INSERT INTO counter VALUES ($1, 0)", str(n))
        uow.append(earned(n))


async def state_and_events(log: Log) -> tuple[list[int], list[int]]:
    db = await log.db("members")
    rows = await db.fetch("SELECT key FROM counter")
    return sorted(int(row["key"]) for row in rows), sorted(await log.told())


async def test_a_producer_is_cancelled_at_every_await(log: Log) -> None:
    """It has told what it did, or has done nothing; and the pool is whole."""
    db = log.new_db("members", connections=1)
    await db.open()
    n, done, cancelled = 0, set[int](), True
    while cancelled:
        n += 1
        life = CancelledAt(n, append_with_state(db, n))
        task = asyncio.ensure_future(life)
        await asyncio.wait({task}, timeout=30)
        assert task.done(), f"hangs when cancelled at await {n}"
        cancelled = life.was_cancelled
        if not task.cancelled():
            done.add(n)
    await db.close()
    state, told = await state_and_events(log)
    assert state == told
    assert done <= set(told)
    await log.drain(recording())
    assert sorted(await log.numbers()) == told


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_producer_is_cut_off_at_every_message(log: Log, moment: Moment) -> None:
    folder = Path(tempfile.mkdtemp(prefix="cut-"))
    proxy = CuttingProxy(folder, log.url("members"))
    n, done = 0, set[int]()
    async with proxy.running():
        while n == 0 or proxy.has_cut:
            n += 1
            proxy.cut_at(n, moment)
            db = log.new_db("members", connections=1, url=proxy.url)
            with suppress(*FAILURES):
                async with asyncio.timeout(20):
                    await db.open()
                    await append_with_state(db, n)
                    done.add(n)
            await db.close()
    shutil.rmtree(folder)
    state, told = await state_and_events(log)
    assert state == told
    assert done <= set(told)
    await log.drain(recording())
    assert sorted(await log.numbers()) == told
