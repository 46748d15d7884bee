"""22. A running group changes its bus, there and back: exactly where it stands, whatever is told and handled meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from common.bus.kafka import switching
from common.bus.kafka.relay_state import NotReady
from common.bus.kafka.relay_state import rewind as rewind_relay
from common.bus.records import Handlers
from common.runtime import Runtime, Service, Surroundings
from common.settings import ServiceSettings
from common.testing.waiting import eventually
from integration.bus.effects import Gate, earned, recording
from integration.bus.harness import GROUP, SECONDS, TRANSPORTS, Log, Running, Wishes
from integration.bus.kafka.relays import applied, quiet, relaying, rewind, sent_all
from integration.bus.load import Load

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("impatient")]


@asynccontextmanager
async def operating(log: Log) -> AsyncIterator[Runtime]:
    """As the operator's commands do."""
    settings = ServiceSettings(
        database_url=SecretStr(log.url(GROUP)), log_urls={"members": SecretStr(log.url("members"))}
    )
    service = Service(name=GROUP, title="", folder=Path(), settings=ServiceSettings, handlers=recording())
    runtime = Runtime(service, settings, Surroundings())
    await runtime.db.open()
    try:
        yield runtime
    finally:
        await runtime.db.close()


async def to_kafka(log: Log) -> None:
    async with operating(log) as runtime:
        await switching.to_kafka(runtime)


async def to_postgres(log: Log) -> None:
    """Once everything that was carried has been handled."""
    refused = ""
    async with operating(log) as runtime:

        async def changed() -> bool:
            nonlocal refused
            try:
                await switching.to_postgres(runtime)
            except switching.NotDrained as error:
                refused = str(error)
                return False
            return True

        try:
            await eventually(changed, seconds=SECONDS, what="changed")
        except AssertionError as error:
            raise AssertionError(refused) from error


@asynccontextmanager
async def over_postgres(log: Log, handlers: Handlers | None = None) -> AsyncIterator[Running]:
    consumer = TRANSPORTS["postgres"].consumer(log, await log.db(), handlers or recording(), Wishes())
    consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def told_more(load: Load, count: int = 40) -> None:
    before = load.confirmed
    await eventually(lambda: load.confirmed >= before + count, seconds=SECONDS)


async def test_there_and_back_under_load(log: Log) -> None:
    """With workers of the old bus that still run when the change is made: they find their place gone."""
    seed = random.randrange(2**32)
    async with Load(log, seed=seed, keys=8) as load:
        for _ in range(2):
            async with over_postgres(log):
                await told_more(load)
                async with relaying(log):
                    await told_more(load)
                    await to_kafka(log)
                    async with log.consuming(recording()):
                        await told_more(load)
                        await sent_all(log)
                async with log.consuming(recording()):
                    await to_postgres(log)
        async with over_postgres(log):
            await load.stop()
            await eventually(lambda: _handled(log, load), seconds=SECONDS)
    await load.check()


async def _handled(log: Log, load: Load) -> bool:
    return len(await log.effects()) >= len(await log.events())


async def test_a_rewind_after_the_change_doubles_nothing(log: Log) -> None:
    """Everything is sent again: what was handled over PostgreSQL is known."""
    async with relaying(log):
        async with over_postgres(log):
            await log.produce(*(earned(n) for n in range(5)))
            await applied(log, *range(5))
            await sent_all(log)
        await to_kafka(log)
        await rewind(log)
        async with log.consuming(recording()):
            await log.produce(earned(5))
            await applied(log, *range(6))
            await quiet(log, "gap")


async def test_events_between_the_relay_and_the_group(log: Log) -> None:
    """The relay is behind the group, then the group behind the relay: each event has one effect."""
    async with over_postgres(log):
        await log.produce(earned(0))
        await applied(log, 0)
        async with relaying(log):
            await sent_all(log)
        await log.produce(earned(1), earned(2, key=1))
        await applied(log, 0, 1, 2)
    await to_kafka(log)
    async with relaying(log), log.consuming(recording()):
        await log.produce(earned(3))
        await applied(log, 0, 1, 2, 3)
        await quiet(log, "gap")


async def test_the_group_is_behind_the_relay(log: Log) -> None:
    async with relaying(log):
        async with over_postgres(log):
            await log.produce(earned(0))
            await applied(log, 0)
        await log.produce(earned(1), earned(2))
        await sent_all(log)
        await to_kafka(log)
        async with log.consuming(recording()):
            await applied(log, 0, 1, 2)


async def test_what_was_read_and_then_pruned(log: Log) -> None:
    """The outbox does not tell any more which event was a partition's last: the next may follow whatever was handled."""
    db = await log.db("members")
    async with relaying(log):
        await log.produce(*(earned(n, key=n) for n in range(6)))
        async with over_postgres(log):
            await applied(log, *range(6))
        await sent_all(log)
        last = (await log.events())[-1]
        await db.pool.execute("DELETE FROM outbox WHERE id <= $1", last["id"])
        await db.pool.execute("UPDATE log_floor SET generation = $1, id = $2", last["generation"], last["id"])
        await to_kafka(log)
        async with log.consuming(recording()):
            await log.produce(*(earned(n, key=n) for n in range(6, 12)))
            await log.scanned()
    assert sorted(await log.numbers()) == list(range(12))
    assert not log.metric("log_alarm", producer="members", kind="gap")


async def test_a_batch_that_is_on_its_way_comes_first(log: Log) -> None:
    gate = Gate()
    async with relaying(log), over_postgres(log, gate.handlers()):
        await log.produce(earned(1))
        await eventually(lambda: gate.arrived, seconds=SECONDS)
        change = asyncio.create_task(to_kafka(log))
        await eventually(lambda: _waits_for_a_lock(log), seconds=SECONDS)
        gate.opened.set()
        await change
        async with log.consuming(recording()):
            await log.produce(earned(2))
            await applied(log, 1, 2)


async def _waits_for_a_lock(log: Log) -> bool:
    db = await log.db()
    return bool(await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_what_cannot_be_changed_now(log: Log) -> None:
    async with operating(log) as runtime:
        with pytest.raises(NotReady, match="does not read over PostgreSQL"):
            await switching.to_kafka(runtime)
        async with over_postgres(log):
            await log.produce(earned(0))
            await applied(log, 0)
        with pytest.raises(NotReady, match="run its relay first"):
            await switching.to_kafka(runtime)
        async with relaying(log):
            await sent_all(log)
            await switching.to_kafka(runtime)
            with pytest.raises(NotReady, match="stop it first"):
                await switching.to_postgres(runtime)
            async with over_postgres(log):
                await log.produce(earned(1))
                await sent_all(log)
        with pytest.raises(NotReady, match="let the workers read the rest"):
            await switching.to_postgres(runtime)
        await rewind_relay(await log.db("members"))
        async with log.consuming(recording()):
            with pytest.raises(NotReady):
                await switching.to_postgres(runtime)
        async with relaying(log), log.consuming(recording()):
            await applied(log, 0, 1)
            await sent_all(log)
        await switching.to_postgres(runtime)
    async with over_postgres(log), log.consuming(recording()):
        await log.produce(earned(2))
        await applied(log, 0, 1, 2)
