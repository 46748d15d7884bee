"""Driving a platform of many processes on a virtual clock that they share: what they have done is seen in their databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import asyncpg

from common.bus.position import START, Position
from common.connection import Connection, prepare_session
from common.db import Database
from common.shared_clock import SharedClock
from embedded.distributed.platform import Distributed
from embedded.services import SERVICES
from embedded.settling import DEADLINE_SECONDS, TICK, NotSettled

_LOOK_SECONDS = 0.004
NUDGE_SECONDS = 0.05
"""A relay that was told to look and is still behind is told again."""

# All services in one statement, so that nothing happens between one and the next.
_STANDING = " UNION ALL ".join(
    f"""
SELECT '{service}' AS service, head.generation AS head_generation, head.id AS head_id,
       relay.generation, relay.id, to_jsonb(relay.tails) AS tails,
       (SELECT jsonb_object_agg(producer, last) FROM (
            SELECT producer, jsonb_agg(jsonb_build_array(generation, id) ORDER BY partition) AS last
            FROM {service}.log_offset WHERE consumer_group = '{service}' GROUP BY producer
        ) AS handled) AS handled
FROM (SELECT) AS once
LEFT JOIN LATERAL (
    SELECT generation, id FROM {service}.outbox ORDER BY generation DESC, id DESC LIMIT 1
) AS head ON true
LEFT JOIN {service}.relay ON true
"""  # noqa: S608 - the names are ours
    for service in SERVICES
)


@dataclass(frozen=True)
class Standing:
    """Of one service: how far its log goes, how far it was sent, and what it has handled of the others'."""

    head: Position
    sent_to: Position | None
    tails: list[list[int]]
    handled: Mapping[str, list[list[int]]]

    @property
    def sent(self) -> bool:
        return self.sent_to is not None and self.sent_to >= self.head


class Driver:
    """Issue a step's requests, wait until all is done, step again (design §8)."""

    def __init__(self, clock: SharedClock, superuser: Connection, databases: Mapping[str, Database]) -> None:
        self.clock = clock
        self._superuser = superuser
        self._databases = databases
        self._nudged: dict[str, tuple[Position, float]] = {}

    async def settle(self) -> None:
        """Return when every event has been handled by everyone and no timer is due. Raises NotSettled.

        How complete the processes know time to be is not asked: whatever waits for that has a timer that is due.
        """
        deadline = monotonic() + DEADLINE_SECONDS
        while True:
            busy = await self._unread() or await self._due() or await self._unread()
            if busy is None:
                return
            if monotonic() > deadline:
                raise NotSettled(f"after {DEADLINE_SECONDS:.0f} s: {busy}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def advance(self, moment: datetime) -> None:
        """Bring the platform to a moment, stopping at every timer that falls due before it."""
        await self.settle()
        while self.clock.now() < moment:
            due = min((await self._next_due()).values(), default=None)
            stop = moment if due is None else min(moment, max(due, self.clock.now()) + TICK)
            await self.clock.advance_to(stop)
            await self.settle()

    async def count_events(self) -> int:
        """How many have been appended, ever."""
        counts = [await self._superuser.fetchval(f"SELECT count(*) FROM {name}.outbox") for name in SERVICES]  # noqa: S608 - the names are ours
        return sum(counts)

    async def _unread(self) -> str | None:
        """What somebody has not sent or handled yet; relays that are behind are told, since they only look now and then."""
        standings = {row["service"]: _read(row) for row in await self._superuser.fetch(_STANDING)}
        for name, standing in standings.items():
            if not standing.sent:
                await self._nudge(name, standing.head)
        return next(find_unread(standings), None)

    async def _nudge(self, name: str, head: Position) -> None:
        time = monotonic()
        nudged_for, nudged_at = self._nudged.get(name, (START, float("-inf")))
        if head != nudged_for or time - nudged_at > NUDGE_SECONDS:
            self._nudged[name] = head, time
            await self.clock.nudge(name)

    async def _due(self) -> str | None:
        now = self.clock.now()
        late = ((name, due) for name, due in (await self._next_due()).items() if due < now)
        return next((f"a timer of {name} has been due since {due}" for name, due in late), None)

    async def _next_due(self) -> dict[str, datetime]:
        """By service, when the next of its timers is due, where there is one."""
        due = await asyncio.gather(*(SERVICES[name].next_due(db) for name, db in self._databases.items()))
        return {name: moment for name, moment in zip(self._databases, due, strict=True) if moment is not None}


@asynccontextmanager
async def driving(platform: Distributed) -> AsyncIterator[Driver]:
    """Drive its clock. Raises ValueError for a platform that goes by the system's."""
    if platform.clock is None:
        raise ValueError("this platform goes by the system's clock")
    async with AsyncExitStack() as stack:
        superuser: Connection = await asyncpg.connect(platform.engines.superuser_url)
        stack.push_async_callback(superuser.close)
        await prepare_session(superuser)
        databases = {}
        for name, url in platform.engines.urls.items():
            databases[name] = db = Database(url=url, service=name, clock=platform.clock, maximum_connections=2)
            await db.open()
            stack.push_async_callback(db.close)
        yield Driver(platform.clock, superuser, databases)


def _read(row: asyncpg.Record) -> Standing:
    return Standing(
        head=START if row["head_id"] is None else Position(row["head_generation"], row["head_id"]),
        sent_to=None if row["id"] is None else Position(row["generation"], row["id"]),
        tails=row["tails"] or [],
        handled=row["handled"] or {},
    )


def find_unread(standings: Mapping[str, Standing]) -> Iterator[str]:
    """What somebody has not sent or handled yet."""
    for name, own in standings.items():
        for producer in SERVICES[name].handlers.producers:
            its = standings[producer]
            if not its.sent:
                yield f"the relay of {producer} has sent up to {its.sent_to} of {its.head}"
            elif own.handled.get(producer) != its.tails:
                yield f"{name} has not handled everything that {producer} sent up to {its.head}"
