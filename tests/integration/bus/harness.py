"""What the behavioural suite says of the log, and the seam behind which a transport carries it.

A test that is about behaviour takes the fixture `log` and says `produce`, `consuming`, `eventually`; it runs over every
transport. What only one transport can show is in files of its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry

from common.bus import dead_letters
from common.bus.consumer import Consumer, Progress
from common.bus.kafka import offsets
from common.bus.kafka.broker import Broker
from common.bus.kafka.consumer import KafkaConsumer
from common.bus.kafka.relay import Relay
from common.bus.kafka.rules import TopicRules
from common.bus.kafka.topics import administering
from common.bus.lanes import LANES
from common.bus.metrics import LogMetrics, RelayMetrics
from common.bus.outbox import Appended, Span, append
from common.bus.position import START, Position
from common.bus.records import Handlers
from common.bus.wakeups import Wakeups
from common.clock import Clock, SystemClock
from common.connection import Record
from common.contracts.envelope import decode
from common.contracts.event import Event
from common.db import Database
from common.testing.databases import Engines
from common.testing.waiting import eventually
from integration.bus.effects import Effect, member, number_of

GROUP = "lifecycle"
SECONDS = 30.0
"""The deadline of every wait, generous: the machine may be busy."""


class Running(Protocol):
    """A group's consumer, whatever carries its events."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a test wants its consumer."""

    woken: bool = True
    on_progress: Callable[[Mapping[str, datetime | None]], Awaitable[bool | None]] | None = None
    """Told what is complete in every lane."""
    accept_missing_history: bool = True
    sources: Mapping[str, str] = field(default_factory=dict)
    """Producer → URL, where it is not the log's own database."""


def _over_lanes(told: Callable[[Mapping[str, datetime | None]], Awaitable[bool | None]] | None) -> Progress | None:
    """Tells the least of all lanes, once something was said of each."""
    if told is None:
        return None
    said: dict[int, Mapping[str, datetime | None]] = {}

    async def on_progress(lanes: Mapping[int, Mapping[str, datetime | None]]) -> bool | None:
        said.update(lanes)
        if len(said) < LANES:
            return False
        least: dict[str, datetime | None] = {}
        for producer in said[0]:
            moments = [moments[producer] for moments in said.values()]
            known = [moment for moment in moments if moment is not None]
            least[producer] = min(known) if len(known) == LANES else None
        return await told(least)

    return on_progress


class Transport(Protocol):
    name: str

    async def open(self, log: "Log") -> None: ...

    async def close(self, log: "Log") -> None: ...

    async def carry(self, log: "Log", producer: str) -> None:
        """From now on, bring what this producer tells to where consumers read."""
        ...

    def consumer(self, log: "Log", db: Database, handlers: Handlers, wishes: Wishes) -> Running: ...

    async def handled_to(self, log: "Log", group: str, producer: str) -> Position:
        """The last position of the producer that the group has scanned."""
        ...


class PostgresTransport:
    name = "postgres"

    async def open(self, log: "Log") -> None: ...

    async def close(self, log: "Log") -> None: ...

    async def carry(self, log: "Log", producer: str) -> None: ...

    def consumer(self, log: "Log", db: Database, handlers: Handlers, wishes: Wishes) -> Consumer:
        sources = {producer: log.url(producer) for producer in handlers.producers}
        return Consumer(
            db=db,
            sources=sources | dict(wishes.sources),
            handlers=handlers,
            metrics=log.metrics,
            wakeups=log.wakeups if wishes.woken else None,
            on_progress=_over_lanes(wishes.on_progress),
            accept_missing_history=wishes.accept_missing_history,
        )

    async def handled_to(self, log: "Log", group: str, producer: str) -> Position:
        db = await log.db(group)
        row = await db.fetchrow("SELECT generation, id FROM log_cursor WHERE producer = $1", producer)
        return Position(row["generation"], row["id"]) if row else START


class KafkaTransport:
    """Relays of every service that somebody listens to, on topics of this log alone."""

    name = "kafka"

    def __init__(self) -> None:
        self._relays: dict[str, dict[str, Relay]] = {}

    async def open(self, log: "Log") -> None:
        self._relays[log.prefix] = {}

    async def close(self, log: "Log") -> None:
        relays = self._relays.pop(log.prefix)
        for relay in relays.values():
            await relay.stop()
        await delete_topics(log.broker)

    def consumer(self, log: "Log", db: Database, handlers: Handlers, wishes: Wishes) -> Running:
        return KafkaConsumer(
            db=db,
            broker=log.broker,
            handlers=handlers,
            metrics=log.metrics,
            on_progress=_over_lanes(wishes.on_progress),
            accept_missing_history=wishes.accept_missing_history,
        )

    async def carry(self, log: "Log", producer: str) -> None:
        if producer in self._relays[log.prefix]:
            return
        relay = Relay(
            db=await log.db(producer),
            url=log.url(producer),
            broker=log.broker,
            rules=TopicRules(keep=timedelta(days=14)),
            metrics=RelayMetrics(CollectorRegistry()),
            wakeups=log.wakeups,
        )
        self._relays[log.prefix][producer] = relay
        relay.start()

    async def handled_to(self, log: "Log", group: str, producer: str) -> Position:
        """Where the relay stands, once every partition has applied what it was sent."""
        state = await (await log.db(producer)).fetchrow("SELECT generation, id, tails FROM relay")
        if state is None:
            return START
        found = await offsets.read(await log.db(group), group=group, producer=producer)
        done = all(
            tail == [0, 0] or (number in found and found[number].chain.has_passed(Position(*tail)))
            for number, tail in enumerate(state["tails"])
        )
        return Position(state["generation"], state["id"]) if done else START


TRANSPORTS: dict[str, Transport] = {"postgres": PostgresTransport(), "kafka": KafkaTransport()}


ONLY_POSTGRES = pytest.mark.parametrize("log", ["postgres"], indirect=True)
"""For a module about outboxes and their partitions: another transport would show the same again."""

SLOW_OVER_KAFKA = pytest.mark.parametrize(
    "log", ["postgres", pytest.param("kafka", marks=pytest.mark.slow)], indirect=True
)
"""For what takes many seconds there, since a broker's clients and groups wait by their own clocks."""


class Log:
    """A database with every service's log, and what a test does with it."""

    def __init__(
        self,
        *,
        engines: Engines,
        database: str,
        transport: Transport,
        servers: str = "",
        clock: Clock | None = None,
    ) -> None:
        """`servers`: of a Kafka broker, where the transport needs one."""
        self.prefix = f"test-{uuid4().hex[:12]}"
        self.broker = Broker(servers=servers, prefix=self.prefix)
        self.clock = clock or SystemClock()
        self.span = Span.DAY
        self.wakeups = Wakeups()
        self.registry = CollectorRegistry()
        self.metrics = LogMetrics(self.registry)
        self._engines = engines
        self._database = database
        self._transport = transport
        self._databases: dict[str, Database] = {}

    def url(self, service: str) -> str:
        return self._engines.url(role=service, database=self._database)

    async def db(self, service: str = GROUP) -> Database:
        if service not in self._databases:
            db = self.new_db(service)
            await db.open()
            self._databases[service] = db
        return self._databases[service]

    def new_db(self, service: str = GROUP, *, connections: int = 20, url: str | None = None) -> Database:
        """Not opened; for a test that needs a second process's."""
        return Database(
            url=url or self.url(service),
            service=service,
            clock=self.clock,
            maximum_connections=connections,
            on_append=lambda _: self.wakeups.wake(service),
            log_span=self.span,
        )

    async def open(self) -> None:
        await self._transport.open(self)

    async def close(self) -> None:
        await self._transport.close(self)
        for db in self._databases.values():
            await db.close()

    async def produce(self, *events: Event) -> list[UUID]:
        """Tell events, in order, each producer's in one unit of work."""
        ids = []
        for producer in dict.fromkeys(event.producer() for event in events):
            async with (await self.db(producer)).transaction() as uow:
                ids += [uow.append(event) for event in events if event.producer() == producer]
        return ids

    async def produce_bytes(self, envelope: bytes, *, service: str = "members", key: str = "key") -> UUID:
        """Put bytes into the log that this version would never write."""
        db = await self.db(service)
        await db.prepare_log()
        event_id = UUID(int=int.from_bytes(key.encode()[:8], "big"))
        appended = Appended(key, "huitou.test.broken.v1", event_id, envelope)
        async with db.transaction() as uow:
            assert await append(uow.connection, [appended], service=service, at=self.clock.log_time())
        self.wakeups.wake(service)
        return event_id

    @property
    def work_arguments(self) -> list[str]:
        """Of `work.py`, for a process that consumes this log."""
        apart = [self.broker.servers, self.prefix] if self.broker.servers else []
        return [self.url(GROUP), self.url("members"), *apart]

    async def carry(self, producer: str) -> None:
        """From now on, bring what this producer tells to where consumers read."""
        await self._transport.carry(self, producer)

    async def consumer(self, handlers: Handlers, *, db: Database | None = None, **wishes: Any) -> Running:
        for producer in handlers.producers:
            await self.carry(producer)
        return self._transport.consumer(self, db or await self.db(), handlers, Wishes(**wishes))

    @asynccontextmanager
    async def consuming(
        self, handlers: Handlers, *, db: Database | None = None, **wishes: Any
    ) -> AsyncIterator[Running]:
        """A consumer that runs while the block does; `wishes` as in `Wishes`."""
        consumer = await self.consumer(handlers, db=db, **wishes)
        consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def drain(self, handlers: Handlers, **wishes: Any) -> None:
        """Let a consumer of its own scan everything that is in the logs now, then stop it."""
        async with self.consuming(handlers, **wishes):
            await self.scanned(*handlers.producers)

    async def scanned(self, *producers: str, group: str = GROUP) -> None:
        """Wait until the group has scanned everything that is in the producers' logs now."""
        for producer in producers or ("members",):
            head = await self.head(producer)

            async def there(producer: str = producer, head: Position = head) -> bool:
                return await self._transport.handled_to(self, group, producer) >= head

            await eventually(there, seconds=SECONDS, what=f"{group} has read {producer} to {head}")

    async def head(self, producer: str = "members") -> Position:
        row = await (await self.db(producer)).fetchrow(
            "SELECT generation, id FROM outbox ORDER BY generation DESC, id DESC LIMIT 1"
        )
        return Position(row["generation"], row["id"]) if row else START

    async def effects(self, group: str = GROUP) -> list[Effect]:
        """In the order in which they happened."""
        rows = await (await self.db(group)).fetch("SELECT event_id, key, number FROM effect ORDER BY n")
        return [Effect(row["event_id"], row["key"], row["number"]) for row in rows]

    async def numbers(self, group: str = GROUP, *, key: int | None = None) -> list[int]:
        """In the order in which they happened; of one key, since between keys a transport may promise no order."""
        return [effect.number for effect in await self.effects(group) if key is None or effect.key == str(member(key))]

    async def letters(self, *, state: str | None = "open") -> list[Record]:
        return await dead_letters.list_letters(await self.db(), state=state, limit=1000)

    async def reasons(self, *, key: int | None = None) -> list[str]:
        """Of the open letters, in their order."""
        return [letter["reason"] for letter in await self.letters() if key is None or letter["key"] == str(member(key))]

    async def events(self, producer: str = "members") -> list[Record]:
        """What stands in a log, in its order, without the log's own events."""
        return await (await self.db(producer)).fetch(
            "SELECT * FROM outbox WHERE type NOT LIKE '%log.generation_started%' ORDER BY generation, id"
        )

    async def told(self, producer: str = "members") -> list[int]:
        """The numbers of the events in a log, in its order."""
        return [number_of(decode(row["envelope"])[1]) for row in await self.events(producer)]

    def metric(self, name: str, **labels: str) -> float:
        """0 when there is no such sample yet."""
        return self.registry.get_sample_value(name, {"consumer_group": GROUP} | labels) or 0.0

    async def alarmed(self, kind: str, producer: str = "members") -> None:
        """Wait for the alarm."""
        await eventually(
            lambda: self.metric("log_alarm", producer=producer, kind=kind), seconds=SECONDS, what=f"the alarm {kind}"
        )


async def delete_topics(broker: Broker) -> None:
    """Those of one log."""
    async with administering(broker) as admin:
        topics = [topic for topic in await admin.list_topics() if topic.startswith(f"{broker.prefix}.")]
        if topics:
            await admin.delete_topics(topics)
