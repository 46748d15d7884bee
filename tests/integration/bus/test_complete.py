"""*Complete to T*: the last test of log-protocol.md, and a virtual clock."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from common.bus.records import Handlers, Received
from common.clock import VirtualClock
from common.contracts.members import PointsEarned
from common.db import Database, UnitOfWork
from common.testing.waiting import eventually
from integration.bus.cluster import Cluster
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log

pytestmark = pytest.mark.integration


class Witness:
    """Keeps what was stated, and what had been handled when it was."""

    def __init__(self) -> None:
        self.handled: list[datetime] = []
        self.stated: list[tuple[datetime, int]] = []

    async def handle(self, _: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        self.handled += [item.appended_at for item in received]

    async def on_progress(self, to: Mapping[str, datetime | None]) -> None:
        time = to["members"]
        if time is not None:
            self.stated.append((time, len(self.handled)))

    async def sees(self, time: datetime) -> None:
        """Wait until time is complete to this."""
        await eventually(
            lambda: bool(self.stated) and self.stated[-1][0] >= time, seconds=SECONDS, what=f"complete to {time}"
        )

    @property
    def handlers(self) -> Handlers:
        return Handlers({PointsEarned: self.handle})

    async def check(self, log: Log) -> None:
        """No T was stated before an event appended at or before T had been handled."""
        appended = sorted(row["appended_at"] for row in await log.events())
        assert sorted(self.handled) == appended
        for time, count in self.stated:
            unread = sorted(self.handled[count:])
            assert not unread or unread[0] > time, f"complete to {time} was stated before {unread[0]} was read"
        assert all(before <= after for (before, _), (after, _) in pairwise(self.stated))


class NeverMind(Exception):
    pass


async def write(db: Database, rng: random.Random) -> None:
    """Short and long, with the xid taken early or late, the commit soon or not, or a rollback."""
    async with db.transaction() as uow:
        if rng.random() < 0.5:
            await uow.execute("SELECT pg_current_xact_id()")
            await asyncio.sleep(rng.choice([0, 0.001, 0.05]))
        uow.append(earned(0))
        await db._append(uow.connection, uow.events)
        uow._events.clear()
        await asyncio.sleep(rng.choice([0, 0, 0.002, 0.02, 0.2]))
        if rng.random() < 0.2:
            raise NeverMind


async def test_time_is_never_complete_before_all_of_it_was_read(cluster: Cluster) -> None:
    """The last. Under writers of mixed length, and across a restart of the reader."""
    log, witness = cluster.log(), Witness()
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    db = await log.db("members")
    for part in range(2):
        end = asyncio.get_running_loop().time() + 1.5

        async def writer(end: float = end) -> None:
            while asyncio.get_running_loop().time() < end:
                with suppress(NeverMind):
                    await write(db, rng)

        async with log.consuming(witness.handlers, on_progress=witness.on_progress):
            await asyncio.gather(*(writer() for _ in range(8)))
            await witness.sees(max(row["appended_at"] for row in await log.events()))
        assert len({time for time, _ in witness.stated}) > 4 * (part + 1), f"seed {seed}"
    await witness.check(log)


async def test_time_completes_without_news(log: Log) -> None:
    """On a log that is silent, and on one in which nothing was ever told."""
    witness = Witness()
    await (await log.db("members")).prepare_log()
    async with log.consuming(witness.handlers, on_progress=witness.on_progress):
        await witness.sees(datetime.now(UTC) + timedelta(seconds=0.2))
        assert log.metric("log_complete_age_seconds", producer="members") < 5


async def test_time_is_not_complete_while_the_log_stands_still(log: Log) -> None:
    broken = True

    async def handle(_: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        if broken:
            raise ConnectionError("away")

    witness = Witness()
    await log.produce(earned(1))
    [row] = await log.events()
    async with log.consuming(Handlers({PointsEarned: handle}), on_progress=witness.on_progress):
        await eventually(lambda: log.metric("log_consumer_restarts_total") > 3, seconds=SECONDS)
        assert all(time < row["appended_at"] for time, _ in witness.stated)
        broken = False
        await witness.sees(row["appended_at"])


START = datetime(2017, 1, 1, tzinfo=UTC)


@pytest.fixture
def virtual(log: Log) -> VirtualClock:
    """The log's clock, far in the past."""
    clock = VirtualClock(START)
    log.clock = clock
    return clock


async def test_on_a_virtual_clock_time_is_complete_only_before_now(log: Log, virtual: VirtualClock) -> None:
    """Events are appended *at* its present while it stands, so at T = now something may always come."""
    witness = Witness()
    async with log.consuming(witness.handlers, on_progress=witness.on_progress) as consumer:
        for day in range(20):
            await log.produce(earned(day))
            now = virtual.now()
            await witness.sees(now - timedelta(microseconds=1))
            await log.produce(earned(day))
            await log.scanned()
            assert all(time < now for time, _ in witness.stated)
            await virtual.advance_to(now + timedelta(days=rng_days(day)))
            consumer.wake()  # type: ignore[attr-defined]
    await witness.check(log)
    times = [row["appended_at"] for row in await log.events()]
    assert times[0] == START
    assert times == sorted(times)


def rng_days(day: int) -> int:
    """Some steps stay among the prepared days, some go far beyond."""
    return 1 if day % 3 else 100


async def test_a_virtual_clock_moves_only_while_no_unit_of_work_is_open(log: Log, virtual: VirtualClock) -> None:
    db = await log.db("members")
    async with db.transaction() as uow:
        move = asyncio.create_task(virtual.advance_to(START + timedelta(days=1)))
        await asyncio.sleep(0)
        async with db.transaction() as other:
            other.append(earned(1))
        assert not move.done()
        uow.append(earned(2))
    await asyncio.wait_for(move, SECONDS)
    assert [row["appended_at"] for row in await log.events()] == [START, START]
    assert virtual.now() == START + timedelta(days=1)


async def test_a_cancelled_unit_of_work_lets_the_clock_go(log: Log, virtual: VirtualClock) -> None:
    db = await log.db("members")
    inside = asyncio.Event()

    async def hang() -> None:
        async with db.transaction():
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    move = asyncio.create_task(virtual.advance_to(START + timedelta(days=1)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait_for(move, SECONDS)
    await log.drain(recording())
