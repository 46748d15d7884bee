"""A data folder that was run over the other bus is changed at the start: exactly where every service stands, and said once."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

from common.bus.kafka import relay_state
from common.bus.kafka.relay import Relay
from common.bus.kafka.switching import NotDrained, buses, to_kafka, to_postgres
from common.bus.outbox import read_floor
from common.bus.position import START, Position
from common.engines.errors import EngineError
from common.engines.folder import DataFolder
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Tell
from common.runtime import Runtime, build_consumer, build_relay
from embedded.preparing import kafka_settings

STALLED_SECONDS = 60.0
"""Nothing has moved for so long: it waits for a person."""
_LOOK_SECONDS = 0.05


async def follow_kafka(runtimes: Mapping[str, Runtime], *, tell: Tell) -> None:
    """Let services that read over PostgreSQL before read over Kafka. Neither relays nor workers run."""
    changing = await _reading_over("postgres", runtimes)
    if not changing:
        return
    for runtime in runtimes.values():  # what a relay would begin with
        partitions = runtime.settings.topic_rules.partitions
        await relay_state.begin(runtime.db, floor=await _floor(runtime), partitions=partitions)
    for runtime in changing:
        await to_kafka(runtime)
    tell("this folder was run with BUS=postgres before: every service goes on over Kafka, exactly where it stood")


async def follow_postgres(runtimes: Mapping[str, Runtime], folder: DataFolder, *, tell: Tell) -> None:
    """Let services that read over Kafka before read over PostgreSQL. Neither relays nor workers run."""
    changing = await _reading_over("kafka", runtimes)
    if not changing:
        return
    try:
        await _to_postgres(changing)
    except NotDrained:
        tell(
            "this folder was run with BUS=kafka before, and not everything was handled: Kafka is started once more for that"
        )
        await _drain(runtimes, folder, tell=tell)
        await _to_postgres(await _reading_over("kafka", runtimes))
    tell("this folder was run with BUS=kafka before: every service goes on over PostgreSQL, exactly where it stood")


async def _reading_over(bus: str, runtimes: Mapping[str, Runtime]) -> list[Runtime]:
    return [runtime for runtime in runtimes.values() if bus in await buses(runtime.db)]


async def _to_postgres(changing: Sequence[Runtime]) -> None:
    for runtime in changing:
        await to_postgres(runtime)


async def _drain(runtimes: Mapping[str, Runtime], folder: DataFolder, *, tell: Tell) -> None:
    """Let relays note what they sent, then, when they send no more, let everybody handle it."""
    kafka = KafkaEngine(folder)
    try:
        await kafka.start(tell=tell)
        async with _over_kafka(runtimes, kafka.bootstrap_servers) as carrying:
            await _relay_everything(carrying)
            left = {runtime.service.name for runtime in await _reading_over("kafka", carrying)}
            await _handle_everything(carrying, only=left)
    finally:
        await kafka.stop()


@asynccontextmanager
async def _over_kafka(runtimes: Mapping[str, Runtime], servers: str) -> AsyncIterator[dict[str, Runtime]]:
    """The same services once more, over Kafka."""
    async with AsyncExitStack() as stack:
        carrying: dict[str, Runtime] = {}
        for name, runtime in runtimes.items():
            changed = kafka_settings(servers, keep_log=runtime.surroundings.keep_log)
            settings = runtime.settings.model_copy(update=changed)
            carrying[name] = Runtime(runtime.service, settings, runtime.surroundings)
            await stack.enter_async_context(carrying[name].running())
        yield carrying


async def _relay_everything(carrying: Mapping[str, Runtime]) -> None:
    relays = {name: build_relay(runtime) for name, runtime in carrying.items()}
    heads = {name: await _head(runtime) for name, runtime in carrying.items()}
    progress = _Progress("the relays do not send what is left; start with BUS=kafka and see what they say")
    try:
        for relay in relays.values():
            relay.start()
        while waiting := [name for name, relay in relays.items() if _noted(relay) < heads[name]]:
            await progress.wait([_noted(relays[name]) for name in waiting])
    finally:
        await asyncio.gather(*(relay.stop() for relay in relays.values()))


def _noted(relay: Relay) -> Position:
    return START if relay.state is None else relay.state.cursor.position


async def _handle_everything(carrying: Mapping[str, Runtime], *, only: Collection[str]) -> None:
    tails = {name: await _tails(runtime) for name, runtime in carrying.items()}
    consumers = {name: build_consumer(runtime) for name, runtime in carrying.items() if name in only}
    progress = _Progress("not everything is handled; start with BUS=kafka and see its alarms")
    try:
        for consumer in consumers.values():
            consumer.start()
        while True:
            places = [
                (consumer.handled_to(producer), tails[producer])
                for name, consumer in consumers.items()
                for producer in carrying[name].service.handlers.producers
            ]
            if all(map(_reached, places)):
                return
            await progress.wait(places)
    finally:
        await asyncio.gather(*(consumer.stop() for consumer in consumers.values()))


def _reached(place: tuple[Sequence[Position], Sequence[Position]]) -> bool:
    handled, tails = place
    return len(handled) == len(tails) and all(last >= tail for last, tail in zip(handled, tails, strict=True))


async def _floor(runtime: Runtime) -> Position:
    async with runtime.db.transaction() as uow:
        return await read_floor(uow.connection)


async def _head(runtime: Runtime) -> Position:
    """The end of its log now."""
    row = await runtime.db.fetchrow("SELECT generation, id FROM outbox ORDER BY generation DESC, id DESC LIMIT 1")
    return Position(row["generation"], row["id"]) if row else START


async def _tails(runtime: Runtime) -> Sequence[Position]:
    """What its relay has noted."""
    connection = await runtime.db.connect()
    try:
        state = await relay_state.read(connection)
    finally:
        await connection.close()
    return state.tails if state else []


class _Progress:
    """Waiting for something that moves. `stalled`: what to say when it does not."""

    def __init__(self, stalled: str) -> None:
        self._stalled = stalled
        self._seen: object = None
        self._moved_at = monotonic()

    async def wait(self, seen: object) -> None:
        """Raises EngineError when nothing of what is seen has changed for long."""
        if seen != self._seen:
            self._seen, self._moved_at = seen, monotonic()
        elif monotonic() - self._moved_at > STALLED_SECONDS:
            raise EngineError(f"the bus cannot be changed: {self._stalled}")
        await asyncio.sleep(_LOOK_SECONDS)
