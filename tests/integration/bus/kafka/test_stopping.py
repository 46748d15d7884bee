"""24. Told to stop while the broker is away or silent, each part ends within its time, whatever it was doing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from signal import SIGTERM
from time import monotonic

import pytest

from common.engines.kafka.engine import KafkaEngine
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import GROUP, Log
from integration.bus.kafka.processes import relay, worker
from integration.bus.kafka.relays import applied, new_relay, relaying

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("mended")]

STOP_SECONDS = 5.0
GRACE_SECONDS = 3.0
"""For a busy machine."""


@pytest.fixture
def servers(own: KafkaEngine) -> str:
    return own.bootstrap_servers


@pytest.fixture(params=["killed", "suspended"])
def end_broker(request: pytest.FixtureRequest, own: KafkaEngine) -> Callable[[], Awaitable[None]]:
    async def end() -> None:
        if request.param == "killed":
            await own.kill()
        else:
            own.brokers[0].suspend()

    return end


@asynccontextmanager
async def ending(name: str) -> AsyncIterator[None]:
    """In the block it ends within its time, and leaves no task behind."""
    before, began = [task for task in asyncio.all_tasks() if task.get_name() == name], monotonic()
    yield
    seconds = monotonic() - began
    assert seconds < STOP_SECONDS + GRACE_SECONDS, f"{name} took {seconds:.1f} s"
    assert all(task.done() for task in before), f"{name} goes on"


async def test_at_work(log: Log, end_broker: Callable[[], Awaitable[None]]) -> None:
    watched = await new_relay(log)
    watched.relay.start()
    consumer = await log.consumer(recording())
    consumer.start()
    await log.produce(earned(1))
    await applied(log, 1)
    await end_broker()
    await log.produce(earned(2))
    async with ending(f"{GROUP}.consumer"):
        await consumer.stop()
    async with ending("members.relay"):
        await watched.relay.stop()


async def test_at_their_start(log: Log, end_broker: Callable[[], Awaitable[None]]) -> None:
    async with relaying(log) as watched:
        await log.produce(earned(1))
        await watched.leads()
    await end_broker()
    watched = await new_relay(log)
    watched.relay.start()
    consumer = await log.consumer(recording())
    consumer.start()
    await eventually(lambda: watched.metric("leading"))
    async with ending(f"{GROUP}.consumer"):
        await consumer.stop()
    async with ending("members.relay"):
        await watched.relay.stop()


async def test_as_processes(log: Log, end_broker: Callable[[], Awaitable[None]]) -> None:
    carrying, working = relay(log), worker(log)
    async with carrying, working:
        await log.produce(earned(1))
        await applied(log, 1)
        await end_broker()
        await log.produce(earned(2))
        for process in (working, carrying):
            async with ending(process.name):
                assert await process.end(SIGTERM) == 0
