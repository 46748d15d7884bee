"""A consumer as a process runs it: woken or polling, started again when it fails, stopped within five seconds."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

import pytest

from common import loops
from common.bus import instruments, polling
from common.bus.records import Handlers, Received
from common.contracts.members import PointsEarned
from common.db import UnitOfWork
from common.testing.waiting import eventually
from integration.bus.cluster import Cluster
from integration.bus.effects import POISON, earned, record, recording
from integration.bus.harness import SECONDS, SLOW_OVER_KAFKA, Log

pytestmark = pytest.mark.integration


@pytest.fixture
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not woken sleeps on."""
    for name in ("EMBEDDED_SECONDS", "SHORTEST_SECONDS", "LONGEST_SECONDS"):
        monkeypatch.setattr(polling, name, 3600.0)


@pytest.mark.usefixtures("no_polling")
async def test_a_commit_in_the_process_wakes_the_reader(log: Log) -> None:
    async with log.consuming(recording()):
        for n in range(20):
            await log.produce(earned(n))
            await log.scanned()


async def test_without_wake_ups_the_log_is_polled(log: Log) -> None:
    """The producer is another process."""
    async with log.consuming(recording(), woken=False):
        for n in range(5):
            await log.produce(earned(n))
            await log.scanned()


async def test_a_wake_up_that_never_came_is_made_up_for_by_polling(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log.wakeups, "wake", lambda _: None)  # events are told by another process
    monkeypatch.setattr(polling, "EMBEDDED_SECONDS", 0.2)
    async with log.consuming(recording()):
        for n in range(2):
            await log.produce(earned(n))
            await log.scanned()


@pytest.mark.usefixtures("no_polling")
async def test_who_is_not_done_with_progress_is_told_again_at_once(log: Log) -> None:
    told = 0

    async def on_progress(_: object) -> bool:
        nonlocal told
        told += 1
        return told < 100

    async with log.consuming(recording(), on_progress=on_progress):
        await eventually(lambda: told >= 100)


@SLOW_OVER_KAFKA
async def test_a_batch_that_takes_too_long_is_tried_smaller(log: Log) -> None:
    sizes = []

    async def slow(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        sizes.append(len(received))
        await uow.execute("SET LOCAL statement_timeout = '100ms'")
        await uow.execute("SELECT pg_sleep($1)", 0.004 * len(received))
        await uow.execute("SET LOCAL statement_timeout = '10s'")
        await record(uow, received)

    await log.produce(*(earned(n) for n in range(200)))
    await log.drain(Handlers({PointsEarned: slow}))

    assert await log.numbers() == list(range(200))
    assert max(sizes) == 200
    assert await log.letters() == []


class Hanging:
    """Writes its effect, then hangs, in the database or out of it."""

    def __init__(self, *, in_database: bool) -> None:
        self.reached = asyncio.Event()
        self._in_database = in_database

    async def handle(self, uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        await record(uow, received)
        self.reached.set()
        if self._in_database:
            await uow.execute("SELECT pg_sleep(3600)")
        await asyncio.Event().wait()


@pytest.mark.parametrize(("in_database", "patience"), [(True, 0.5), (False, loops.STOP_SECONDS)])
async def test_a_handler_that_hangs_is_rolled_back_within_five_seconds(
    cluster: Cluster, in_database: bool, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "STOP_SECONDS", patience)
    log, handler = cluster.log(), Hanging(in_database=in_database)
    await log.produce(earned(1))
    consumer = await log.consumer(Handlers({PointsEarned: handler.handle}))
    consumer.start()
    await asyncio.wait_for(handler.reached.wait(), SECONDS)
    began = monotonic()
    await consumer.stop()
    assert patience - 0.1 < monotonic() - began < 5
    assert await log.numbers() == []
    await log.drain(recording())
    assert await log.numbers() == [1]


async def test_a_batch_that_can_end_is_finished(log: Log) -> None:
    async def handle(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        reached.set()
        await asyncio.sleep(0.5)
        await record(uow, received)

    reached = asyncio.Event()
    await log.produce(earned(1))
    async with log.consuming(Handlers({PointsEarned: handle})):
        await asyncio.wait_for(reached.wait(), SECONDS)
    assert await log.numbers() == [1]


async def test_stopping_while_the_server_does_not_answer(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it to a rollback: the process ends all the same."""
    monkeypatch.setattr(loops, "STOP_SECONDS", 0.5)
    log = cluster.log()
    handler = Hanging(in_database=False)
    await log.produce(earned(1))
    consumer = await log.consumer(Handlers({PointsEarned: handler.handle}))
    consumer.start()
    await asyncio.wait_for(handler.reached.wait(), SECONDS)
    with cluster.frozen():
        began = monotonic()
        await consumer.stop()
        assert monotonic() - began < 2
    await log.drain(recording())
    assert await log.numbers() == [1]


async def test_what_is_done_is_counted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruments, "HOUSEKEEPING_SECONDS", 0.05)
    await log.produce(earned(1), earned(POISON, key=1), earned(2, key=2))
    async with log.consuming(recording()):
        await log.scanned()
        await eventually(lambda: log.metric("log_events_handled_total", producer="members") == 2, seconds=SECONDS)
        assert log.metric("log_events_set_aside_total", producer="members", reason="poison") == 1
        assert log.metric("log_generation", producer="members") == (await log.head()).generation
        assert log.metric("log_batch_seconds_count", producer="members") >= 1
        await eventually(lambda: log.metric("log_dead_letters_open", reason="poison") == 1, seconds=SECONDS)
        await eventually(lambda: log.metric("log_lag_events", producer="members") == 0, seconds=SECONDS)


async def test_what_is_not_done_is_counted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lag is there to see exactly while nothing moves."""
    monkeypatch.setattr(instruments, "HOUSEKEEPING_SECONDS", 0.05)
    await log.produce(*(earned(n) for n in range(17)))

    async def fail(_: UnitOfWork, __: Sequence[Received[Any]]) -> None:
        raise ValueError("always")

    async with log.consuming(Handlers({PointsEarned: fail}, ordered=False)):
        await log.alarmed("poison")
        await eventually(lambda: log.metric("log_lag_events", producer="members") >= 17, seconds=SECONDS)
        await eventually(lambda: log.metric("log_lag_seconds", producer="members") > 1, seconds=SECONDS)


async def test_a_consumer_is_started_again_whatever_ends_it(log: Log) -> None:
    """Also when a handler is cancelled from the inside, which looks like being told to stop."""
    endings = [ConnectionError("away"), asyncio.CancelledError(), TimeoutError()]

    async def handle(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        if endings:
            raise endings.pop()
        await record(uow, received)

    await log.produce(earned(1))
    async with log.consuming(Handlers({PointsEarned: handle})):
        await log.scanned()
    assert await log.numbers() == [1]
    assert log.metric("log_consumer_restarts_total") == 3
