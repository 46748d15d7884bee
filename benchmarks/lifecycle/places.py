"""A database where a crowd lives, copied as often as it is needed, and what works on it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg
from prometheus_client import CollectorRegistry

from benchmarks.engines import Bench
from benchmarks.lifecycle.crowd import settle
from benchmarks.lifecycle.living import ZONE
from benchmarks.lifecycle.traffic import Producers, producing
from benchmarks.log.pace import DEADLINE_SECONDS, Pace, Timing, pace_of
from common.bus import cursors
from common.bus.carrying import BatchSize, Carrier, Claim
from common.bus.cursors import Cursor
from common.bus.feed import Feed
from common.bus.kafka.relay import Relay
from common.bus.kafka.rules import TopicRules
from common.bus.metrics import RelayMetrics
from common.bus.records import LogRow
from common.bus.tail import Tail
from common.bus.wakeups import Wakeups
from common.clock import SystemClock
from common.db import UnitOfWork
from common.runtime import Runtime, Surroundings, build_consumer
from common.testing.services import create_service_database
from common.testing.waiting import eventually
from lifecycle.app import SERVICE
from lifecycle.settings import LifecycleSettings


@dataclass(frozen=True, slots=True)
class Place:
    """`members`: who lives there."""

    bench: Bench
    database: str
    bus: str = "postgres"
    members: Sequence[UUID] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        return self.bench.engines.url(role=SERVICE.name, database=self.database)

    @asynccontextmanager
    async def opened(self, *, woken: bool = False) -> AsyncIterator[tuple[Runtime, Producers]]:
        """`woken`: readers in this process hear of each commit, else they look for themselves."""
        wakeups = Wakeups() if woken else None
        settings = LifecycleSettings(
            environment="development",
            database_url=self.url,
            timezone=ZONE,
            bus=self.bus,
            kafka_servers=self.bench.servers or None,
            kafka_prefix=self.database,
        )
        runtime = Runtime(SERVICE, settings, Surroundings(wakeups=wakeups))
        async with (
            runtime.running(),
            producing(self.bench.engines, database=self.database, wakeups=wakeups) as producers,
        ):
            yield runtime, producers


async def settled(bench: Bench, members: int) -> Place:
    """A new installation with so many members, over PostgreSQL."""
    place = Place(bench, f"crowd_{members}")
    await create_service_database(bench.engines, name=place.database, service=SERVICE)
    async with place.opened() as (runtime, _):
        everybody = await settle(runtime.db, members, now=SystemClock().now())
    return Place(bench, place.database, members=everybody)


@asynccontextmanager
async def copied(place: Place, *, name: str, bus: str = "postgres") -> AsyncIterator[Place]:
    """As it is now, while nobody works on it."""
    connection = await asyncpg.connect(place.bench.engines.postgres_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {place.database} STRATEGY FILE_COPY")
        await connection.execute("CHECKPOINT")
        yield Place(place.bench, name, bus, place.members)
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()


@asynccontextmanager
async def relaying(place: Place, runtime: Runtime, producers: Producers) -> AsyncIterator[None]:
    """The logs of all that lifecycle reads go to Kafka, its own among them; what was told before is there."""
    async with AsyncExitStack() as stack:
        for service, db in {**producers.logs, SERVICE.name: runtime.db}.items():
            relay = Relay(
                db=db,
                url=place.bench.engines.url(role=service, database=place.database),
                broker=runtime.settings.required_broker,
                rules=TopicRules(keep=timedelta(days=14)),
                metrics=RelayMetrics(CollectorRegistry()),
                wakeups=runtime.surroundings.wakeups,
            )
            head: int = await db.fetchval("SELECT max(id) FROM outbox")
            relay.start()
            stack.push_async_callback(relay.stop)
            await eventually(
                partial(_has_noted, relay, head), seconds=DEADLINE_SECONDS, what=f"{service}'s log is relayed"
            )
        yield


def _has_noted(relay: Relay, head: int) -> bool:
    return relay.state is not None and relay.state.cursor.position.id >= head


async def consume(runtime: Runtime, events: int) -> Pace:
    """Everything that is in the logs."""
    before = handled(runtime)
    consumer = build_consumer(runtime)
    consumer.start()
    try:
        return await pace_of(lambda: handled(runtime) - before, total=events, what="consuming")
    finally:
        await consumer.stop()


async def consume_apart(place: Place, runtime: Runtime) -> Pace:
    """Everything that is in the logs, a transaction for each event, one after another."""
    timing = Timing()
    done = [await _consume_apart(place, runtime, producer) for producer in SERVICE.handlers.producers]
    return timing.pace(sum(done))


async def _consume_apart(place: Place, runtime: Runtime, producer: str) -> int:
    carrier = Carrier(db=runtime.db, handlers=SERVICE.handlers, metrics=runtime.log_metrics)
    url = place.bench.engines.url(role=producer, database=place.database)
    tail = Tail(url=url, producer=producer, group=SERVICE.name, clock=runtime.clock)
    size = BatchSize(carrier.at_once)
    feed = Feed(db=runtime.db, tail=tail, carrier=carrier, metrics=runtime.log_metrics, size=size)
    try:
        await feed.begin(accept_missing_history=False)
        cursor, done = feed.cursor, 0
        while True:
            await tail.look()
            rows = await tail.read(cursor, limit=size.rows)
            if not rows and not tail.marks.pending:
                return done
            for row in rows:
                one = One(cursor, row)
                await carrier.carry_out(one, producer=producer, size=BatchSize(1))
                cursor, done = one.reached, done + 1
            tail.has_read(cursor.position)
    finally:
        await tail.close()


class One:
    """A batch of one row."""

    def __init__(self, cursor: Cursor, row: LogRow) -> None:
        self._row, self._producer = row, row.producer
        self.reached = cursor.advanced([row])

    async def claim(self, uow: UnitOfWork) -> Claim:
        locked = await cursors.lock(uow, group=uow.service, producer=self._producer)
        return Claim([self._row], locked.letters_open)

    async def move(self, uow: UnitOfWork) -> None:
        await cursors.move(uow, self.reached, group=uow.service, producer=self._producer)


def handled(runtime: Runtime) -> int:
    """Events of all producers, since the runtime began."""
    asked = partial(runtime.registry.get_sample_value, "log_events_handled_total")
    return int(
        sum(
            asked({"consumer_group": SERVICE.name, "producer": producer}) or 0
            for producer in SERVICE.handlers.producers
        )
    )
