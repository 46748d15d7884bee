"""Everything dies and hangs at random, under load: the broker, PostgreSQL, relays, workers. In the end each event that was confirmed
has its effect, once, in the order of its key.

The short form is in the default run; the long one, marked slow, goes on for minutes. A failure prints its seed.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from time import monotonic

import pytest

from common.engines.kafka.engine import KafkaEngine
from common.testing.databases import Engines
from common.testing.waiting import eventually
from integration.bus.cluster import DATABASE, Cluster
from integration.bus.harness import Log
from integration.bus.kafka.processes import Process, relay, running, worker
from integration.bus.kafka.relays import ByHand
from integration.bus.load import Load

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("mended")]

SHORT_SECONDS, LONG_SECONDS = 2, 200
RECOVERY_SECONDS = 90.0
"""After the last fault: dead members are missed, requests time out, a backlog is read."""

Fault = Callable[[random.Random, float], Awaitable[None]]
"""The second: how long it lasts at most."""


@pytest.fixture
async def log(cluster: Cluster, own: KafkaEngine) -> AsyncIterator[Log]:
    """Over a server and a broker of the test's own."""
    engines = Engines(cluster.engine.dsn(), "")
    log = Log(engines=engines, database=DATABASE, transport=ByHand(), servers=own.bootstrap_servers)
    await log.open()
    yield log
    await log.close()


def broker_faults(own: KafkaEngine) -> Sequence[Fault]:
    [node] = own.brokers

    async def killed(rng: random.Random, longest: float) -> None:
        await node.kill()
        await asyncio.sleep(rng.random() * longest / 3)
        await node.start()

    async def suspended(rng: random.Random, longest: float) -> None:
        node.suspend()
        await asyncio.sleep(rng.random() * longest / 3)
        node.resume()

    return killed, suspended


def server_faults(cluster: Cluster) -> Sequence[Fault]:
    async def restarted(rng: random.Random, longest: float) -> None:
        await cluster.restart(mode=rng.choice(["kill", "immediate", "fast"]))

    async def frozen(rng: random.Random, longest: float) -> None:
        with cluster.frozen():
            await asyncio.sleep(rng.random() * longest / 3)

    return restarted, frozen


def process_faults(processes: Sequence[Process]) -> Sequence[Fault]:
    """Of one of them, whichever."""

    async def ended(rng: random.Random, longest: float) -> None:
        process = rng.choice(processes)
        await process.end(rng.choice([SIGKILL, SIGKILL, SIGTERM]))
        await asyncio.sleep(rng.random())
        await process.start()

    async def suspended(rng: random.Random, longest: float) -> None:
        """Also for longer than its group waits for it, so that it wakes as a zombie."""
        process = rng.choice(processes)
        process.send(SIGSTOP)
        await asyncio.sleep(rng.random() * longest)
        process.send(SIGCONT)

    return ended, suspended


async def disturb(faults: Sequence[Fault], rng: random.Random, *, until: float, longest: float) -> None:
    """At least once."""
    while True:
        await asyncio.sleep(rng.random() * longest / 2)
        await rng.choice(faults)(rng, longest)
        if monotonic() >= until:
            return


async def torment(
    log: Log, cluster: Cluster, own: KafkaEngine, *, seconds: float, longest: float, members: Sequence[int]
) -> None:
    """Under load, for so long with each number of members; each time effects go on, and in the end they are compared.
    `longest`: of a single fault.
    """
    seed = random.randrange(2**32)
    relays, workers = [relay(log) for _ in range(2)], [worker(log) for _ in range(max(members))]
    async with running(*relays, *workers), Load(log, seed=seed, keys=8) as load:
        for present in members:
            for process in workers[present:]:
                await process.end()
            until = monotonic() + seconds
            all_faults = [broker_faults(own), server_faults(cluster)]
            all_faults += [process_faults(relays), process_faults(workers[:present])]
            async with asyncio.TaskGroup() as tasks:
                for n, faults in enumerate(all_faults):
                    rng = random.Random(seed + n)
                    tasks.create_task(disturb(faults, rng, until=until, longest=longest))
            await progressed(log, what=f"recovered, seed {seed}")
        await load.stop()
        await eventually(lambda: _settled(log), seconds=RECOVERY_SECONDS, what=f"all is handled, seed {seed}")
    await load.check()
    assert load.confirmed > 10 * seconds, f"seed {seed}: hardly anything was told"
    assert not await _alarmed(log), f"seed {seed}: nothing was lost, and somebody waits for a person"


async def progressed(log: Log, *, what: str) -> None:
    before = len(await log.effects())

    async def more() -> bool:
        return len(await log.effects()) > before

    await eventually(more, seconds=RECOVERY_SECONDS, what=what)


async def _settled(log: Log) -> bool:
    return len(await log.effects()) >= len(await log.events())


async def _alarmed(log: Log) -> int:
    db = await log.db()
    standing = "SELECT count(*) FROM log_offset WHERE gap_id IS NOT NULL OR fork_id IS NOT NULL"
    count: int = await db.fetchval(standing)
    return count


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_everything_dies_for_a_short_time(log: Log, cluster: Cluster, own: KafkaEngine) -> None:
    await torment(log, cluster, own, seconds=SHORT_SECONDS, longest=3, members=[2])


@pytest.mark.slow
@pytest.mark.timeout(LONG_SECONDS * 3)
async def test_everything_dies_for_a_long_time(log: Log, cluster: Cluster, own: KafkaEngine) -> None:
    await torment(log, cluster, own, seconds=LONG_SECONDS / 2, longest=10, members=[3, 2])
