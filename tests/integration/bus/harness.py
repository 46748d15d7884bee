"""What the behavioural suite says of the log, and the seam behind which a transport carries it.

A test that is about behaviour takes the fixture `log` and says `produce`, `consuming`, `eventually`; it runs over every
transport. What only one transport can show is in files of its own.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from common.bus import dead_letters
from common.bus.consumer import Consumer, Progress
from common.bus.metrics import LogMetrics
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
from integration.bus.effects import Effect, number_of

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
    on_progress: Progress | None = None
    accept_missing_history: bool = True
    sources: Mapping[str, str] = field(default_factory=dict)
    """Producer → URL, where it is not the log's own database."""


class Transport(Protocol):
    name: str

    def consumer(self, log: "Log", db: Database, handlers: Handlers, wishes: Wishes) -> Running: ...

    async def handled_to(self, log: "Log", group: str, producer: str) -> Position:
        """The last position of the producer that the group has scanned."""
        ...


class PostgresTransport:
    name = "postgres"

    def consumer(self, log: "Log", db: Database, handlers: Handlers, wishes: Wishes) -> Consumer:
        sources = {producer: log.url(producer) for producer in handlers.producers}
        return Consumer(
            db=db,
            sources=sources | dict(wishes.sources),
            handlers=handlers,
            metrics=log.metrics,
            wakeups=log.wakeups if wishes.woken else None,
            on_progress=wishes.on_progress,
            accept_missing_history=wishes.accept_missing_history,
        )

    async def handled_to(self, log: "Log", group: str, producer: str) -> Position:
        db = await log.db(group)
        row = await db.fetchrow("SELECT generation, id FROM log_cursor WHERE producer = $1", producer)
        return Position(row["generation"], row["id"]) if row else START


TRANSPORTS: dict[str, Transport] = {"postgres": PostgresTransport()}


ONLY_POSTGRES = pytest.mark.parametrize("log", ["postgres"], indirect=True)
"""For a module about outboxes and their partitions: another transport would show the same again."""


class Log:
    """A database with every service's log, and what a test does with it."""

    def __init__(self, *, engines: Engines, database: str, transport: Transport, clock: Clock | None = None) -> None:
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

    async def close(self) -> None:
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

    async def consumer(self, handlers: Handlers, *, db: Database | None = None, **wishes: Any) -> Running:
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

    async def numbers(self, group: str = GROUP) -> list[int]:
        return [effect.number for effect in await self.effects(group)]

    async def letters(self, *, state: str | None = "open") -> list[Record]:
        return await dead_letters.list_letters(await self.db(), state=state, limit=1000)

    async def reasons(self) -> list[str]:
        """Of the open letters, in their order."""
        return [letter["reason"] for letter in await self.letters()]

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
