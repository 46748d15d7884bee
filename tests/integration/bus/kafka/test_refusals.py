"""What is not as it has to be is said in one clear line, rings, and stops nothing for ever: once it is mended, all goes on."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from common.bus.kafka.consumer import KafkaConsumer
from common.clock import SystemClock
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import GROUP, SECONDS, Log
from integration.bus.kafka.lines import Said, told
from integration.bus.kafka.relays import applied, quiet, relaying
from integration.bus.kafka.topic import Topic

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("impatient")]


async def test_a_topic_that_is_not_there_yet(log: Log, said: Said) -> None:
    await log.produce(earned(1))
    async with log.consuming(recording()):
        await log.alarmed("topic")
        await told(said, "there is no topic", "start the relay of its service")
        async with relaying(log):
            await applied(log, 1)
            await quiet(log, "topic")


async def test_too_few_partitions(log: Log, said: Said) -> None:
    topic = Topic(log)
    await topic.create(6)
    await log.produce(earned(1))
    async with relaying(log) as watched, log.consuming(recording()):
        await log.alarmed("topic")
        await told(said, "12 or a multiple of it", f"{topic.name}: 6")
        await watched.alarmed("topic")
        await told(said, f"{topic.name} has 6 partitions, its relay writes 12")
        await topic.delete(gone=False)
        await applied(log, 1)
        await quiet(log, "topic")
        assert not watched.metric("alarm", kind="topic")


UNSAFE: dict[str, tuple[dict[str, Any], str]] = {
    "compaction": ({"cleanup_policy": "compact"}, "cleanup.policy=delete"),
    "short retention": ({"retention_ms": "3600000"}, "retention.ms=1209600000 or more"),
    "bounded size": ({"retention_bytes": "1000000"}, "retention.bytes=-1"),
    "unclean election": ({"unclean_leader_election_enable": "true"}, "unclean.leader.election.enable=false"),
}


@pytest.mark.parametrize("kind", UNSAFE)
async def test_a_topic_that_would_lose_events(log: Log, said: Said, kind: str) -> None:
    configuration, advice = UNSAFE[kind]
    topic = Topic(log)
    await topic.create(**configuration)
    await log.produce(earned(1))
    async with relaying(log) as watched, log.consuming(recording()):
        await watched.alarmed("topic")
        await told(said, topic.name, "would lose events", advice)
        assert await log.numbers() == []
        await topic.configure()
        await applied(log, 1)
        assert not watched.metric("alarm", kind="topic")


async def test_a_broker_that_is_not_there(log: Log, said: Said) -> None:
    nowhere = replace(log.broker, servers="127.0.0.1:1")
    await log.produce(earned(1))
    consumer = KafkaConsumer(db=await log.db(), broker=nowhere, handlers=recording(), metrics=log.metrics)
    async with relaying(log, broker=nowhere) as watched:
        consumer.start()
        await log.alarmed("broker")
        await watched.alarmed("broker")
        await consumer.stop()
    await told(said, "Kafka at 127.0.0.1:1", "is it running, and is this its address?")
    assert {line["loop"] for line in said if "loop" in line} == {"members.relay", f"{GROUP}.consumer"}


class Wrong(SystemClock):
    """A machine whose time was set by hand."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.mark.parametrize(("hours", "words"), [(1, "ahead"), (-1, "behind")])
async def test_a_clock_that_is_wrong_by_an_hour(log: Log, said: Said, hours: int, words: str) -> None:
    """Of the consumer's process: it applies nothing, since events would seem to be of the future or long past."""
    await log.produce(earned(1))
    clock = Wrong(timedelta(hours=hours))
    log.clock = clock
    db = log.new_db()
    await db.open()
    async with relaying(log), log.consuming(recording(), db=db):
        await log.alarmed("clock")
        await told(said, f"{words} of its database's", "set the clock that is wrong")
        assert await log.numbers() == []
        clock.ahead = timedelta()
        await applied(log, 1)
        await quiet(log, "clock")
    await db.close()


async def test_a_relay_whose_clock_is_wrong_states_the_databases_time(log: Log) -> None:
    times: list[datetime] = []

    async def on_progress(to: Any) -> None:
        times.extend(moment for moment in to.values() if moment is not None)

    await log.db()
    log.clock = Wrong(timedelta(hours=1))
    await log.produce(earned(1))
    async with relaying(log), log.consuming(recording(), on_progress=on_progress):
        await applied(log, 1)
        await eventually(lambda: len(times) > 3, seconds=SECONDS)
    assert max(times) <= datetime.now(UTC)
    assert await log.letters() == []


async def test_a_group_whose_members_share_it_out_by_another_rule(log: Log, said: Said) -> None:
    """Of another program, or a version that deals lanes differently: nobody reads a lane twice."""
    async with relaying(log):
        await log.produce(earned(1))
        other = AIOKafkaConsumer(
            log.broker.topic("members"),
            bootstrap_servers=log.broker.servers,
            group_id=log.broker.group(GROUP),
            auto_offset_reset="earliest",
        )
        await other.start()
        await asyncio.wait_for(other.getone(), SECONDS)
        async with log.consuming(recording()):
            await log.alarmed("broker")
            await told(said, "InconsistentGroupProtocol")
            await other.stop()
            await applied(log, 1)
            await quiet(log, "broker")
