"""A producer whose history is no longer the one that its relay carried: each partition that held a ghost says so and waits."""

from collections.abc import AsyncIterator
from time import time

import pytest

from common.bus.kafka.decisions import NothingToAccept, accept_fork
from common.testing.databases import Engines
from common.testing.waiting import eventually
from integration.bus.apart import Apart
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import applied, quiet, relaying

pytestmark = pytest.mark.integration


@pytest.fixture
async def apart(engines: Engines, bus_template: str) -> AsyncIterator[Apart]:
    """Of which only the producer is used: `log` is the group."""
    apart = Apart(engines, template=bus_template, source="members")
    await apart.create()
    yield apart
    await apart.drop()


async def restarted(producer: Log) -> None:
    """As if its server had been: what is told next begins a generation, above every other that there was."""
    db = await producer.db("members")
    await db.pool.execute("UPDATE log_incarnation SET started = started - interval '1 minute'")
    last = await db.fetchval("SELECT max(generation) FROM log_incarnation")
    await eventually(lambda: time() > last + 2, seconds=SECONDS)


async def accept(log: Log, *, partitions: int = 1) -> None:
    """The operator's word, once so many partitions stand still."""
    db = await log.db()
    waiting = "SELECT count(*) FROM log_offset WHERE fork_id IS NOT NULL"

    async def stand_still() -> bool:
        return bool(await db.fetchval(waiting) >= partitions)

    await eventually(stand_still, seconds=SECONDS, what=f"{partitions} partitions stand still")
    await accept_fork(db, "members")


async def test_a_producer_restored_behind_its_consumers(log: Log, apart: Apart) -> None:
    """6. Alarm and stop, of the partitions with ghosts alone; after the operator's word the survivors are applied."""
    producer = apart.producer
    async with relaying(log, of=producer), log.consuming(recording()):
        await producer.produce(*(earned(n) for n in range(5)))
        await applied(log, *range(5))
        await apart.copy("backup")
        ghosts = await producer.produce(*(earned(n) for n in range(5, 8)))
        await applied(log, *range(8))
        await apart.switch("backup")
        survivors = await producer.produce(earned(20), earned(21), earned(22, key=1))
        await log.alarmed("fork")
        await applied(log, *range(8), 22)
        assert log.metric("log_complete_age_seconds", producer="members") > 0
        await accept(log)
        await applied(log, *range(8), 22, 20, 21)
        await quiet(log, "fork")
    told = {row["event_id"] for row in await producer.events()}
    effects = {effect.event_id for effect in await log.effects()}
    assert effects - told == set(ghosts)
    assert set(survivors) <= effects


async def test_ghosts_on_many_partitions(log: Log, apart: Apart) -> None:
    producer = apart.producer
    async with relaying(log, of=producer), log.consuming(recording()):
        await producer.produce(earned(0))
        await applied(log, 0)
        await apart.copy("backup")
        await producer.produce(*(earned(n, key=n) for n in range(1, 21)))
        await eventually(lambda: _count(log, 21), seconds=SECONDS)
        forked = len({effect.key for effect in await log.effects()})
        await apart.switch("backup")
        await producer.produce(*(earned(n, key=n) for n in range(21, 41)))
        await accept(log, partitions=min(forked, 5))
        await eventually(lambda: _accepted_until(log, 41), seconds=SECONDS)
    numbers = await log.numbers()
    assert sorted(numbers) == list(range(41))


async def _count(log: Log, count: int) -> bool:
    return len(await log.numbers()) == count


async def _accepted_until(log: Log, count: int) -> bool:
    """Partitions come to their fork one after another."""
    if await _count(log, count):
        return True
    try:
        await accept_fork(await log.db(), "members")
    except NothingToAccept:
        return False
    return False


async def test_failing_over_and_back_loses_nothing_that_was_never_read(log: Log, apart: Apart) -> None:
    """The first server has events that the group has not read, and are below what it has read of the second."""
    producer = apart.producer
    async with relaying(log, of=producer), log.consuming(recording()):
        await producer.produce(earned(1), earned(2))
        await applied(log, 1, 2)
    await apart.copy("standby")
    await producer.produce(earned(3), earned(4))
    await apart.switch("standby", aside="first")
    await producer.produce(earned(5))
    async with relaying(log, of=producer), log.consuming(recording()):
        await applied(log, 1, 2, 5)
        await apart.switch("first", aside="second")
        await restarted(producer)
        await producer.produce(earned(6))
        await log.alarmed("fork")
        await accept(log)
        await eventually(lambda: _accepted_until(log, 6), seconds=SECONDS)
        await applied(log, 1, 2, 5, 3, 4, 6)
        await eventually(lambda: _settled(log), seconds=SECONDS)


@pytest.mark.slow
async def test_ghosts_that_come_back_are_not_applied_again(log: Log, apart: Apart) -> None:
    producer = apart.producer
    async with relaying(log, of=producer), log.consuming(recording()):
        await producer.produce(earned(1))
        await applied(log, 1)
        await apart.copy("standby")
        await producer.produce(earned(2))
        await applied(log, 1, 2)
        await apart.switch("standby", aside="first")
        await producer.produce(earned(3))
        await accept(log)
        await eventually(lambda: _accepted_until(log, 3), seconds=SECONDS)
        await applied(log, 1, 2, 3)
        await apart.switch("first", aside="second")
        await restarted(producer)
        await producer.produce(earned(4))
        await accept(log)
        await eventually(lambda: _accepted_until(log, 4), seconds=SECONDS)
        await applied(log, 1, 2, 3, 4)


async def _settled(log: Log) -> bool:
    """No partition stands still; those that come to their fork late are accepted too."""
    try:
        await accept_fork(await log.db(), "members")
    except NothingToAccept:
        return not log.metric("log_alarm", producer="members", kind="fork")
    return False


async def test_a_fork_is_seen_without_news_once_a_generation_begins(log: Log, apart: Apart) -> None:
    """The marker of the new generation goes to every partition, so that each that lost something says so at once."""
    producer = apart.producer
    async with relaying(log, of=producer), log.consuming(recording()):
        await producer.produce(earned(1))
        await applied(log, 1)
        await apart.copy("behind")
        await producer.produce(earned(2))
        await applied(log, 1, 2)
        await apart.switch("behind")
        await (await producer.db("members")).prepare_log()
        await log.alarmed("fork")
