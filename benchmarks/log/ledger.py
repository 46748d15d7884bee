"""A log in a database of its own, and handlers whose effect is one row an event with the moment it was handled.

There is one for each bus, since a group reads over one. Moments are `time.monotonic()`, which all processes of a machine
share.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from common.bus.kafka.broker import Broker
from common.bus.lanes import LANES, lane_of
from common.bus.records import Handlers, Received
from common.bus.wakeups import Wakeups
from common.clock import SystemClock
from common.contracts.members import PointsEarned
from common.db import Database, UnitOfWork
from common.ids import new_id
from common.testing.databases import Engines, create_log_database

PRODUCER, GROUP = "members", "lifecycle"
MEMBERS = 996
"""So many keys, of the lanes in turn: the next event of every lane is never far."""
TOLD_AT_ONCE = 500
EFFECTS_SECONDS, LOOK_SECONDS = 120.0, 0.05

# `effect` is what a handler leaves; `bare` has the columns of the log, and nothing that makes a log of it.
_TABLES = """
CREATE TABLE {group}.effect (
    number int NOT NULL, event_id uuid PRIMARY KEY, handled_at double precision NOT NULL, process int NOT NULL
);
ALTER TABLE {group}.effect OWNER TO {group};
CREATE TABLE {producer}.bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, appended_at timestamptz NOT NULL, topic text NOT NULL,
    key text NOT NULL, type text NOT NULL, event_id uuid NOT NULL, envelope bytea NOT NULL
);
ALTER TABLE {producer}.bare OWNER TO {producer};
GRANT SELECT ON {producer}.bare TO {group};
"""
_COUNT = "SELECT count(*) FROM effect WHERE number >= $1"
_LEAVE = """
INSERT INTO effect (number, event_id, handled_at, process)
SELECT number, id, $3, $4 FROM unnest($1::int[], $2::uuid[]) AS e (number, id)
"""


@dataclass(frozen=True, slots=True)
class Effects:
    """What the handlers of some events left, whichever process they ran in."""

    handled_at: dict[int, float]
    """Number → moment."""
    processes: set[int]
    """Who handled them."""

    @property
    def last(self) -> float:
        return max(self.handled_at.values())


@cache
def members() -> list[UUID]:
    by_lane: dict[int, list[UUID]] = {lane: [] for lane in range(LANES)}
    while min(map(len, by_lane.values())) < MEMBERS // LANES:
        member = new_id()
        by_lane[lane_of(str(member))].append(member)
    return [member for round_ in zip(*by_lane.values(), strict=False) for member in round_][:MEMBERS]


def lane(number: int) -> int:
    """Of an event's key."""
    return number % LANES


def earned(number: int) -> PointsEarned:
    return PointsEarned(
        entry_id=new_id(), member_id=members()[number % MEMBERS], points=number, balance=0, reason="benchmark"
    )


class Ledger:
    """The log's producer and the group that reads it, with a pool each."""

    def __init__(self, engines: Engines, *, bus: str, servers: str, connections: int) -> None:
        """`servers`: Kafka's, where the bus is Kafka."""
        self.engines = engines
        self.bus = bus
        self.broker = Broker(servers=servers, prefix="benchmark")
        self.wakeups = Wakeups()
        self.producer = self._db(PRODUCER, connections=connections)
        self.group = self._db(GROUP, connections=10)
        self.handlers = Handlers({PointsEarned: self._leave_effects}, ordered=False)
        self.handled = 0
        """Events whose effects this process has committed."""

    def url(self, service: str) -> str:
        return self.engines.url(role=service, database=database_name(self.bus))

    def _db(self, service: str, *, connections: int) -> Database:
        return Database(
            url=self.url(service),
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
        await uow.execute(_LEAVE, numbers, ids, monotonic(), os.getpid())
        uow.on_commit.append(partial(self._count, len(received)))

    def _count(self, handled: int) -> None:
        self.handled += handled

    async def tell(self, numbers: Sequence[int]) -> None:
        """Many events, as many of them at once as a unit of work bears."""
        for begin in range(0, len(numbers), TOLD_AT_ONCE):
            async with self.producer.transaction() as uow:
                for number in numbers[begin : begin + TOLD_AT_ONCE]:
                    uow.append(earned(number))

    async def effects(self, *, since: int, count: int, seconds: float = EFFECTS_SECONDS) -> Effects:
        """Wait until so many of the events numbered from `since` have had their effect."""
        deadline = monotonic() + seconds
        while (found := await self.group.fetchval(_COUNT, since)) < count:
            if monotonic() > deadline:
                raise TimeoutError(f"{found} of {count} events had their effect within {seconds} s")
            await asyncio.sleep(LOOK_SECONDS)
        return await self.effects_now(since=since)

    async def effects_now(self, *, since: int) -> Effects:
        """Those that are there."""
        rows = await self.group.fetch("SELECT number, handled_at, process FROM effect WHERE number >= $1", since)
        return Effects({row["number"]: row["handled_at"] for row in rows}, {row["process"] for row in rows})

    async def forget(self) -> None:
        """Empty what each repetition fills, but for the log."""
        await self.group.pool.execute("TRUNCATE effect")
        await self.producer.pool.execute("TRUNCATE bare")


@asynccontextmanager
async def open_ledger(engines: Engines, bus: str, *, servers: str = "", connections: int = 20) -> AsyncIterator[Ledger]:
    ledger = Ledger(engines, bus=bus, servers=servers, connections=connections)
    await ledger.producer.open()
    await ledger.group.open()
    try:
        await ledger.producer.prepare_log()
        yield ledger
    finally:
        await ledger.producer.close()
        await ledger.group.close()


async def create_ledger(engines: Engines, bus: str) -> None:
    await create_log_database(engines, name=database_name(bus), services=[PRODUCER, GROUP])
    connection = await asyncpg.connect(engines.postgres_url, database=database_name(bus))
    try:
        await connection.execute(_TABLES.format(group=GROUP, producer=PRODUCER))
    finally:
        await connection.close()


def database_name(bus: str) -> str:
    return f"benchmark_{bus}"
