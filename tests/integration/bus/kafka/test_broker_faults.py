"""A broker that is killed, suspended, or forgets: nothing is lost, nothing is doubled, and what is missing is told."""

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from common.bus.kafka import broker, sender
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.properties import DATA
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import applied, quiet, relaying, rewind, sent_all
from integration.bus.kafka.topic import Topic
from integration.bus.load import Load

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("impatient", "mended")]


@pytest.fixture
def servers(own: KafkaEngine) -> str:
    return own.bootstrap_servers


async def progressed(log: Log, count: int) -> None:
    before = len(await log.effects())

    async def more() -> bool:
        return len(await log.effects()) >= before + count

    await eventually(more, seconds=SECONDS, what="effects go on")


async def test_the_only_broker_is_killed_for_longer_than_requests_may_take(log: Log, own: KafkaEngine) -> None:
    """8. Whatever was on its way fails; with a sender of its own it is sent again, in order."""
    seed = random.randrange(2**32)
    async with relaying(log) as watched, log.consuming(recording()), Load(log, seed=seed) as load:
        await progressed(log, 50)
        await own.kill()
        await eventually(lambda: watched.restarts >= 2, seconds=SECONDS, what="sending is given up")
        await asyncio.sleep(broker.REQUEST_SECONDS + sender.ACKNOWLEDGE_SECONDS)  # how long it is away, not a wait
        await own.brokers[0].start()
        await progressed(log, 50)
        await load.stop()
        await log.scanned()
    await load.check()


async def test_the_broker_is_suspended_twice(log: Log, own: KafkaEngine) -> None:
    """9. What it had received comes with what was sent again: each has one effect."""
    seed = random.randrange(2**32)
    [node] = own.brokers
    async with relaying(log) as watched, log.consuming(recording()), Load(log, seed=seed) as load:
        for seconds in (5.0, 0.5, 3.0):
            await progressed(log, 50)
            node.suspend()
            await asyncio.sleep(seconds)
            node.resume()
        await progressed(log, 50)
        assert watched.restarts, "the first pause was longer than anybody waits"
        await load.stop()
        await log.scanned()
    await load.check()
    sent = [position for positions in (await Topic(log).sent()).values() for position in positions]
    assert len(sent) >= len(await log.events())


async def test_the_end_of_the_topic_is_lost_without_traffic(log: Log, own: KafkaEngine) -> None:
    """13. As a power cut leaves it: files without their last acknowledged records. The next heartbeats tell; a rewind heals."""
    [node] = own.brokers
    topic = Topic(log)
    async with relaying(log), log.consuming(recording()):
        await log.produce(*(earned(n, key=n) for n in range(20)))
        await log.scanned()
    sizes = _sizes(node.home, topic.name)
    async with relaying(log):
        await log.produce(*(earned(n, key=n) for n in range(20, 30)))
        await sent_all(log)
    await own.kill()
    cut = _cut(sizes)
    await node.start()
    async with relaying(log), log.consuming(recording()):
        await log.alarmed("gap")
        assert len(await log.numbers()) == 20, "nothing is applied that follows what is missing"
        await rewind(log)
        await log.scanned()
        await quiet(log, "gap")
    assert cut > 0
    assert sorted(await log.numbers()) == list(range(30))


async def test_the_end_of_the_topic_is_lost_under_its_reader(log: Log, own: KafkaEngine) -> None:
    """What was lost had been applied: nothing is missed, and what is told next goes on."""
    [node] = own.brokers
    async with relaying(log), log.consuming(recording()):
        await log.produce(*(earned(n) for n in range(5)))
        await applied(log, *range(5))
    sizes = _sizes(node.home, Topic(log).name)
    async with relaying(log), log.consuming(recording()):
        await log.produce(*(earned(n) for n in range(5, 9)))
        await applied(log, *range(9))
    await own.kill()
    assert _cut(sizes) > 0
    await node.start()
    async with relaying(log), log.consuming(recording()):
        await log.produce(earned(9))
        await applied(log, *range(10))
        assert not log.metric("log_alarm", producer="members", kind="gap")


def _sizes(home: Path, topic: str) -> dict[Path, int]:
    """Of the files that hold the topic's records."""
    return {file: file.stat().st_size for file in (home / DATA).glob(f"{topic}-*/*.log")}


def _cut(sizes: Mapping[Path, int]) -> int:
    """Cut the files back to these sizes; how many bytes are gone."""
    gone = 0
    for file, size in sizes.items():
        gone += file.stat().st_size - size
        with file.open("r+b") as opened:
            opened.truncate(size)
    return gone
