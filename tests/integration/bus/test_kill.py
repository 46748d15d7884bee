"""SIGKILL under load: of a worker process, of PostgreSQL, of both. What was confirmed has its effect once, in order.

The short form is in the default run; the long one, marked slow, goes on for minutes. A failure prints its seed.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from common.testing.waiting import eventually
from integration.bus.cluster import Cluster
from integration.bus.effects import recording
from integration.bus.harness import SECONDS, SLOW_OVER_KAFKA, Log
from integration.bus.load import Load

pytestmark = pytest.mark.integration

WORK = Path(__file__).with_name("work.py")
LONG_SECONDS = 60


class Worker:
    """A child process that consumes."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        tests = str(WORK.parents[2])
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(WORK),
            *self._log.work_arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": tests},
        )
        assert self._process.stdout is not None
        said = await asyncio.wait_for(self._process.stdout.readline(), SECONDS)
        assert said == b"ready\n", "the worker did not start"

    async def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), SECONDS)


@asynccontextmanager
async def working(log: Log, count: int) -> AsyncIterator[list[Worker]]:
    await log.carry("members")
    workers = [Worker(log) for _ in range(count)]
    await asyncio.gather(*(worker.start() for worker in workers))
    try:
        yield workers
    finally:
        await asyncio.gather(*(worker.end() for worker in workers))


async def progressed(log: Log, count: int) -> None:
    """Wait until so many more effects are there; the server may be away for a while."""
    before = len(await log.effects())

    async def more() -> bool:
        return len(await log.effects()) >= before + count

    await eventually(more, seconds=SECONDS, what="effects go on")


@SLOW_OVER_KAFKA
async def test_a_worker_is_killed_under_load(log: Log) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    async with working(log, 2) as workers, Load(log, seed=seed) as load:
        for _ in range(1 if log.broker.servers else 4):  # a group waits some seconds for a member that is silent
            await progressed(log, rng.randint(1, 40))
            worker = rng.choice(workers)
            await worker.end()
            await worker.start()
        await progressed(log, 1)
        await load.stop()
        await log.scanned()
        assert await workers[0].end(signal.SIGTERM) == 0, "told to stop, it stops in order"
    await load.check()


async def test_postgresql_is_killed_under_load(cluster: Cluster) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    log = cluster.log()
    async with log.consuming(recording()), Load(log, seed=seed) as load:
        for _ in range(3):
            await progressed(log, rng.randint(20, 60))
            await asyncio.sleep(rng.random() / 20)
            await cluster.restart(mode="kill")
        await progressed(log, 1)
        await load.stop()
        await log.scanned()
    await load.check()
    assert load.failed > 0


@pytest.mark.slow
@pytest.mark.timeout(LONG_SECONDS * 6)
async def test_workers_and_postgresql_are_killed_for_a_long_time(cluster: Cluster) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    log = cluster.log()
    async with working(log, 2) as workers, Load(log, seed=seed, keys=8) as load:
        deadline = monotonic() + LONG_SECONDS
        while monotonic() < deadline:
            await asyncio.sleep(rng.random())
            if rng.random() < 0.5:
                await cluster.restart(mode=rng.choice(["kill", "immediate", "fast"]))
            else:
                worker = rng.choice(workers)
                await worker.end(rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
                await worker.start()
            await progressed(log, 1)
        await load.stop()
        await log.scanned()
    await load.check()
