"""Brokers that die, hang, stop and come back keep what they acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.errors import KafkaError

from common.engines.errors import EngineError
from common.engines.folder import open_folder
from common.engines.kafka.broker import KafkaBroker
from common.engines.kafka.discovery import list_brokers
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Programs
from common.testing.brokers import own_kafka
from common.testing.waiting import eventually
from integration.common.engines.kafka.clients import TOPIC, make_topic, receive, send

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
async def one(programs: Programs, tmp_path: Path) -> AsyncIterator[KafkaEngine]:
    """In a folder whose path Java and Kafka could stumble over."""
    with open_folder(tmp_path / "回頭 的, data") as folder:
        engine = KafkaEngine(folder)
        await engine.start()
        yield engine
        await engine.kill()


@pytest.fixture
async def three(programs: Programs) -> AsyncIterator[KafkaEngine]:
    async with own_kafka(brokers=3) as engine:
        yield engine


@pytest.mark.slow
async def test_one_broker_keeps_all_over_a_stop_a_kill_and_a_pause(one: KafkaEngine) -> None:
    broker, address = one.brokers[0], one.bootstrap_servers
    await make_topic(address)
    await send(address, b"before")

    await broker.stop()
    assert broker.pid is None
    await broker.start()
    await send(address, b"after a stop")

    await broker.kill()
    await broker.start()
    await send(address, b"after a kill")

    broker.suspend()
    with pytest.raises(KafkaError):
        await send(address, b"meanwhile", request_timeout_ms=1_000)
    broker.resume()
    await eventually(lambda: list_brokers(address), what="the resumed broker answers")

    broker.suspend()
    await broker.stop()
    await broker.start()

    assert one.bootstrap_servers == address == broker.address
    assert (broker.home / "data" / f"{TOPIC}-0").is_dir()
    assert (await receive(address, 3)) == [b"before", b"after a stop", b"after a kill"]


async def test_what_is_set_wins_may_change_and_is_complained_of_in_one_line(one: KafkaEngine) -> None:
    broker, address = one.brokers[0], one.bootstrap_servers
    await make_topic(address)
    await send(address, b"x" * 2_000)

    await broker.stop()
    broker.settings["message.max.bytes"] = "1000"
    await broker.start()

    with pytest.raises(KafkaError):
        await send(address, b"x" * 2_000)

    with pytest.raises(EngineError, match="broker 1 already runs"):
        await broker.start()
    await broker.stop()
    broker.settings["num.io.threads"] = "none"
    with pytest.raises(EngineError, match=r"broker 1 did not start: .*num\.io\.threads") as refusal:
        await broker.start()
    assert "\n" not in str(refusal.value)
    assert broker.pid is None


@pytest.mark.slow
async def test_three_brokers_go_on_without_one_and_not_without_two(three: KafkaEngine) -> None:
    first, second, third = three.brokers
    await make_topic(three.bootstrap_servers, copies=3)
    await send(three.bootstrap_servers, b"by three")

    await first.kill()
    await eventually(lambda: _without(second, 1), what="the others see that it is gone")
    await send(three.bootstrap_servers, b"by two")

    await second.kill()
    with pytest.raises((KafkaError, TimeoutError)):
        async with asyncio.timeout(10):
            await send(third.address, b"by one")

    await asyncio.gather(first.start(), second.start())
    await first.wait_ready(three.cluster.nodes, deadline_seconds=60)
    kept = await receive(three.bootstrap_servers, 2)
    assert kept == [b"by three", b"by two"]

    await three.stop()
    await three.start()
    assert await receive(three.bootstrap_servers, 2) == kept


async def _without(broker: KafkaBroker, node: int) -> bool:
    listed = await list_brokers(broker.address)
    return bool(listed) and node not in listed
