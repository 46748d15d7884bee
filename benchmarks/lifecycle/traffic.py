"""What a crowd does: events of the mix in their producers' logs, of members picked evenly or as Zipf's law has it."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import islice
from typing import Literal
from uuid import UUID

import numpy as np

from benchmarks.lifecycle.living import deed
from common.bus.wakeups import Wakeups
from common.clock import SystemClock
from common.contracts.event import Event
from common.db import Database
from common.testing.databases import Engines

Picking = Literal["uniform", "zipf"]
SPREADS: tuple[Picking, ...] = ("uniform", "zipf")
SKEW = 1.1
"""Of Zipf's law: the busiest of a million members then has one event in nine, the next one in nineteen."""
AT_ONCE = 500
PRODUCERS = ("engagement", "members", "orders")


def picked(members: Sequence[UUID], *, how: Picking, seed: int) -> Iterator[UUID]:
    """Without end. Who is busy has nothing to do with where they are in the tables."""
    random_ = np.random.default_rng(seed)
    order = random_.permutation(len(members))
    shares = np.arange(1, len(members) + 1) ** -SKEW if how == "zipf" else np.ones(len(members))
    until = np.cumsum(shares / shares.sum())
    while True:
        for rank in np.minimum(np.searchsorted(until, random_.random(10_000)), len(members) - 1):
            yield members[order[rank]]


@asynccontextmanager
async def producing(engines: Engines, *, database: str, wakeups: Wakeups | None = None) -> AsyncIterator["Producers"]:
    async with AsyncExitStack() as stack:
        logs = {}
        for service in PRODUCERS:
            url = engines.url(role=service, database=database)
            logs[service] = Database(
                url=url,
                service=service,
                clock=SystemClock(),
                maximum_connections=2,
                on_append=partial(_wake, wakeups, service),
            )
            await logs[service].open()
            stack.push_async_callback(logs[service].close)
            await logs[service].prepare_log()
        yield Producers(logs)


def _wake(wakeups: Wakeups | None, service: str, _: int) -> None:
    if wakeups:
        wakeups.wake(service)


class Producers:
    def __init__(self, logs: dict[str, Database]) -> None:
        self.logs = logs

    async def tell(self, who: Iterator[UUID], events: int, *, seed: int) -> int:
        """So many events that happen now; the bytes of a mean envelope."""
        random_, told, size = random.Random(seed), 0, 0
        while told < events:
            some = islice(who, min(AT_ONCE, events - told))
            happened = [deed(random_, SystemClock().now(), member_id=member_id) for member_id in some]
            size += await self.append(happened)
            told += len(happened)
        return size // events

    async def append(self, events: Iterable[Event]) -> int:
        """A transaction for each producer; the bytes of their envelopes."""
        size = 0
        by_service: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            by_service[event.producer()].append(event)
        for service, its_own in by_service.items():
            async with self.logs[service].transaction() as uow:
                for event in its_own:
                    uow.append(event)
                size += sum(len(each.envelope) for each in uow.events)
        return size
