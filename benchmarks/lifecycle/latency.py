"""How long it takes from an event's appending until an action is asked for because of it, at a steady load.

A crowd does what it does, and among its events people register: each of them is welcomed at once, by two actions. The times are
those that the logs state, both taken in the transaction just before its commit. Logs, worker and, over Kafka, relays run in one
process, as an embedded platform has them; a commit wakes whoever reads.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from itertools import islice
from time import monotonic
from uuid import UUID

import click
import numpy as np

from benchmarks.engines import running_engines
from benchmarks.lifecycle.living import deed, happening
from benchmarks.lifecycle.places import Place, copied, handled, relaying, settled
from benchmarks.lifecycle.traffic import Producers, picked
from benchmarks.measuring import Row, Watch, at_most, keep, spread
from common import loops
from common.contracts.envelope import decode
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from common.contracts.members import MemberRegistered
from common.ids import new_id
from common.logging import configure_logging
from common.runtime import Runtime, build_consumer
from common.serving import spare_collector
from common.testing.waiting import eventually

MOST_MILLISECONDS = {"postgres": 50, "kafka": 100}
STEP_SECONDS = 0.02
NEWCOMERS = 0.02
"""Of all events."""
WARM_SECONDS = 3.0
_REQUESTED = "SELECT appended_at, envelope FROM outbox WHERE type = $1 AND appended_at >= $2"
_REGISTERED = "SELECT event_id, appended_at FROM outbox WHERE type = $1 AND appended_at >= $2"

Window = tuple[float, float, float]
"""p50 and p99 in milliseconds, and the cores that were busy meanwhile."""


@asynccontextmanager
async def working(place: Place) -> AsyncIterator[tuple[Runtime, Producers]]:
    async with place.opened(woken=True) as (runtime, producers), AsyncExitStack() as stack:
        if place.bus == "kafka":
            await stack.enter_async_context(relaying(place, runtime, producers))
        consumer = build_consumer(runtime)
        consumer.start()
        stack.push_async_callback(consumer.stop)
        yield runtime, producers


class Load:
    """Events of a crowd at a steady rate, each when it is due, a few at a time."""

    def __init__(self, place: Place, runtime: Runtime, producers: Producers, *, rate: int) -> None:
        self._runtime, self._producers, self._rate = runtime, producers, rate
        self._random, self._who = random.Random(7), picked(place.members, how="uniform", seed=7)
        self._told = handled(runtime)

    async def flow(self, seconds: float) -> Window:
        began, since, watch = monotonic(), self._runtime.clock.now(), Watch()
        for step in range(int(seconds / STEP_SECONDS)):
            await asyncio.sleep(max(0.0, began + step * STEP_SECONDS - monotonic()))
            happened = list(islice(self._events(), int(self._rate * STEP_SECONDS)))
            await self._producers.append(happened)
            self._told += len(happened)
        cores = watch.load().ours
        await eventually(lambda: handled(self._runtime) >= self._told, seconds=60, what="all is handled")
        p50, p99 = np.percentile(await self._latencies(since), (50, 99))
        return float(p50), float(p99), cores

    def _events(self) -> Iterator[Event]:
        while True:
            at = self._runtime.clock.now()
            if self._random.random() < NEWCOMERS:
                yield happening("member.registered", at, member_id=new_id())
            else:
                yield deed(self._random, at, member_id=next(self._who))

    async def _latencies(self, since: datetime) -> list[float]:
        """In milliseconds, of each newcomer."""
        registered: dict[UUID, datetime] = {
            row["event_id"]: row["appended_at"]
            for row in await self._producers.logs["members"].fetch(_REGISTERED, MemberRegistered.type_name(), since)
        }
        requested: dict[UUID, datetime] = {}
        for row in await self._runtime.db.fetch(_REQUESTED, ActionRequested.type_name(), since):
            cause = decode(row["envelope"])[0].causationid
            if cause in registered:
                requested[cause] = row["appended_at"]
        if len(requested) < len(registered):
            raise RuntimeError(f"{len(registered)} registered, {len(requested)} were welcomed")
        return [1000 * (at - registered[cause]).total_seconds() for cause, at in requested.items()]


async def measure(*, members: int, rates: dict[str, int], windows: int, seconds: float) -> dict[str, list[Window]]:
    found: dict[str, list[Window]] = defaultdict(list)
    async with running_engines(brokers=1) as bench:
        spare_collector()
        home = await settled(bench, members)
        with click.progressbar(length=windows * len(rates), label="a steady load", show_pos=True) as bar:
            for bus, rate in rates.items():
                async with copied(home, name=f"over_{bus}", bus=bus) as place, working(place) as (runtime, producers):
                    load = Load(place, runtime, producers, rate=rate)
                    await load.flow(WARM_SECONDS)
                    for _ in range(windows):
                        found[bus].append(await load.flow(seconds))
                        bar.update(1)
    return found


@click.command(help=__doc__)
@click.option("--members", type=click.IntRange(1_000), default=1_000_000, show_default=True)
@click.option("--postgres", type=click.IntRange(50), default=2_500, show_default=True, help="Events/s.")
@click.option("--kafka", type=click.IntRange(50), default=2_000, show_default=True, help="Events/s.")
@click.option("--windows", type=click.IntRange(1), default=5, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=5.0, show_default=True, help="Of each window.")
def main(*, members: int, postgres: int, kafka: int, windows: int, seconds: float) -> None:
    configure_logging(level="WARNING", format="console")
    watch = Watch()
    rates = {"postgres": postgres, "kafka": kafka}
    found = loops.run(measure(members=members, rates=rates, windows=windows, seconds=seconds))
    keep(
        "lifecycle.latency",
        what=f"{members:,} members at half the load that a worker carries",
        watch=watch,
        goals=[
            at_most(f"{bus}: p99", MOST_MILLISECONDS[bus], [p99 for _, p99, _ in measured], unit=" ms")
            for bus, measured in found.items()
        ],
        rows=[
            Row(
                labels={"bus": bus, "events/s": rates[bus]},
                figures={
                    name: spread(values)
                    for name, values in zip(("p50 ms", "p99 ms", "cores"), zip(*measured, strict=True), strict=True)
                },
            )
            for bus, measured in found.items()
        ],
        notes=[f"The spread is over {windows} windows of {seconds:g} s"],
    )


if __name__ == "__main__":
    main()
