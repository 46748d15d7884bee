"""A log in a database of its own, and handlers whose effect is one row an event with the moment it was handled.

Moments are `time.monotonic()`, which all processes of a machine share.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from prometheus_client import CollectorRegistry

from common.bus.consumer import Consumer
from common.bus.metrics import LogMetrics
from common.bus.records import Handlers, Received
from common.bus.wakeups import Wakeups
from common.clock import SystemClock
from common.contracts.members import PointsEarned
from common.db import Database, UnitOfWork
from common.ids import new_id
from common.testing.databases import Engines, create_log_database

DATABASE = "benchmark"
PRODUCER, GROUP = "members", "lifecycle"
MEMBERS = [new_id() for _ in range(1000)]

# `effect` is what a handler leaves; `bare` has the columns of the log, and nothing that makes a log of it.
_TABLES = """
CREATE TABLE {group}.effect (number int NOT NULL, event_id uuid PRIMARY KEY, handled_at double precision NOT NULL);
ALTER TABLE {group}.effect OWNER TO {group};
CREATE TABLE {producer}.bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, appended_at timestamptz NOT NULL, topic text NOT NULL,
    key text NOT NULL, type text NOT NULL, event_id uuid NOT NULL, envelope bytea NOT NULL
);
ALTER TABLE {producer}.bare OWNER TO {producer};
GRANT SELECT ON {producer}.bare TO {group};
"""
_LEAVE = "INSERT INTO effect (number, event_id, handled_at) SELECT number, id, $3 FROM unnest($1::int[], $2::uuid[]) AS e (number, id)"


class Running(Protocol):
    """A group's consumer, whatever carries its events."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class Transport(Protocol):
    """What carries events from the outbox to the group."""

    def consumer(self, ledger: "Ledger", *, embedded: bool) -> Running: ...


class PostgresTransport:
    def consumer(self, ledger: "Ledger", *, embedded: bool) -> Consumer:
        return Consumer(
            db=ledger.group,
            sources={PRODUCER: ledger.engines.url(role=PRODUCER, database=DATABASE)},
            handlers=ledger.handlers,
            metrics=LogMetrics(CollectorRegistry()),
            wakeups=ledger.wakeups if embedded else None,
        )


TRANSPORTS: dict[str, Transport] = {"postgres": PostgresTransport()}


def earned(number: int) -> PointsEarned:
    return PointsEarned(
        entry_id=new_id(), member_id=MEMBERS[number % len(MEMBERS)], points=number, balance=0, reason="benchmark"
    )


class Ledger:
    """The log's producer and the group that reads it, with a pool each."""

    def __init__(self, engines: Engines, *, connections: int) -> None:
        self.engines = engines
        self.wakeups = Wakeups()
        self.producer = self._db(PRODUCER, connections=connections)
        self.group = self._db(GROUP, connections=4)
        self.handlers = Handlers({PointsEarned: self._leave_effects}, ordered=False)
        self.handled = 0
        """Events whose effects this process has committed."""
        self.batches: list[tuple[int, float]] = []
        """After each batch that this process committed: `handled`, and the moment."""

    def _db(self, service: str, *, connections: int) -> Database:
        return Database(
            url=self.engines.url(role=service, database=DATABASE),
            service=service,
            clock=SystemClock(),
            maximum_connections=connections,
            on_append=lambda _: self.wakeups.wake(service),
        )

    async def append(self, number: int) -> UUID:
        """One event, in a unit of work of its own."""
        async with self.producer.transaction() as uow:
            return uow.append(earned(number))

    async def _leave_effects(self, uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        numbers, ids = [item.event.points for item in received], [item.envelope.id for item in received]
        await uow.execute(_LEAVE, numbers, ids, monotonic())
        uow.on_commit.append(partial(self._count, len(received)))

    def _count(self, handled: int) -> None:
        self.handled += handled
        self.batches.append((self.handled, monotonic()))

    @asynccontextmanager
    async def consuming(self, transport: Transport) -> AsyncIterator[None]:
        """With a consumer in this process while the block runs."""
        consumer = transport.consumer(self, embedded=True)
        consumer.start()
        try:
            yield
        finally:
            await consumer.stop()

    async def effects(self, *, since: int) -> int:
        """How many, of events numbered from `since`, whichever process left them."""
        count: int = await self.group.fetchval("SELECT count(*) FROM effect WHERE number >= $1", since)
        return count

    async def handled_at(self, *, since: int) -> dict[int, float]:
        """Number → moment, of the same."""
        rows = await self.group.fetch("SELECT number, handled_at FROM effect WHERE number >= $1", since)
        return {row["number"]: row["handled_at"] for row in rows}

    async def forget(self) -> None:
        """Empty what each repetition fills, but for the log."""
        await self.group.pool.execute("TRUNCATE effect")
        await self.producer.pool.execute("TRUNCATE bare")


@asynccontextmanager
async def open_ledger(engines: Engines, *, connections: int = 20) -> AsyncIterator[Ledger]:
    ledger = Ledger(engines, connections=connections)
    await ledger.producer.open()
    await ledger.group.open()
    try:
        await ledger.producer.prepare_log()
        yield ledger
    finally:
        await ledger.producer.close()
        await ledger.group.close()


async def create_ledger(engines: Engines) -> None:
    await create_log_database(engines, name=DATABASE, services=[PRODUCER, GROUP])
    connection = await asyncpg.connect(engines.postgres_url, database=DATABASE)
    try:
        await connection.execute(_TABLES.format(group=GROUP, producer=PRODUCER))
    finally:
        await connection.close()
