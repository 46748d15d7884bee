"""What it takes to change the policy of a whole crowd: a segment more, and a stage that begins elsewhere; and what live traffic
feels of it.

Each is prepared (who would move is counted for every member), published, and carried to everybody. A walk is timed once with
nothing else to do and once beside a backlog of events that never ends; the backlog's pace is compared with that when nobody walks.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic

import click

from benchmarks.engines import running_engines
from benchmarks.lifecycle.living import ZONE
from benchmarks.lifecycle.places import Place, copied, handled, settled
from benchmarks.lifecycle.traffic import Producers, picked
from benchmarks.measuring import Goal, Row, Watch, at_most, keep, spread
from common import loops
from common.db import Database
from common.logging import configure_logging
from common.runtime import Runtime, build_consumer
from common.serving import spare_collector
from common.testing.waiting import eventually
from lifecycle.authoring.service import shipped_text
from lifecycle.publishing import service as publishing

SEGMENT, STAGE = "a segment more", "a stage that begins elsewhere"
IDLE, BUSY = "idle", "beside live traffic"
IMPACT, SWEEP = "who would move", "everybody is moved"
MOST_SECONDS, MOST_SLOWED = 20, 0.2
_SHIPPED = shipped_text().decode()
CHANGES = {
    SEGMENT: _SHIPPED.replace(
        "segments: # 分群\n",
        "segments: # 分群\n  devoted: {if: orders.days(30d) >= 4, title: {en: Buys each week, zh: 每週買}}\n",
    ),
    STAGE: _SHIPPED.replace("engaged.days >= 3", "engaged.days >= 4"),
}
BACKLOG = 20_000
PACED_SECONDS = 10.0
_DONE = "SELECT bool_and(finished_at IS NOT NULL) FROM walk WHERE kind = $1"
_AHEAD = "SELECT count(*) FROM policy_change WHERE kind = 'published' AND effective_at > $1"

Found = dict[tuple[str, str, str], list[float]]
"""By what was changed, beside what, and the walk; `PACE` stands for the backlog's pace."""
PACE, ALONE = "pace", "alone"


class Crowd:
    """At work: a worker, and somebody who always has more events for it while the traffic flows."""

    def __init__(self, place: Place, runtime: Runtime, producers: Producers) -> None:
        self._place, self._runtime, self._producers = place, runtime, producers
        self._who = picked(place.members, how="zipf", seed=1)
        self._seeds, self._told = count(), 0

    @property
    def db(self) -> Database:
        return self._runtime.db

    async def tell_forever(self) -> None:
        """Never more than a backlog ahead of the worker."""
        while True:
            if self._told - handled(self._runtime) < BACKLOG:
                await self._producers.tell(self._who, BACKLOG // 10, seed=next(self._seeds))
                self._told += BACKLOG // 10
            else:
                await asyncio.sleep(0.01)

    async def pace(self, work: Callable[[], Awaitable[float]]) -> tuple[float, float]:
        """What it returns, and how many events/s were handled meanwhile."""
        began, before = monotonic(), handled(self._runtime)
        found = await work()
        return found, (handled(self._runtime) - before) / (monotonic() - began)

    async def impact(self, text: str) -> float:
        """Seconds until it is known what a policy would change."""
        async with self.db.transaction() as uow:
            prepared = await publishing.prepare(uow, text=text, tz=ZONE, operator_id=None)
        self._prepared = prepared.version
        return await self._walked("impact")

    async def publish(self) -> None:
        """Until the moment when it takes effect."""
        async with self.db.transaction() as uow:
            latest = (await self.db.resources.versions.now(uow)).latest.number
            await publishing.publish(uow, self._prepared, replaces=latest, operator_id=None)
        await eventually(self._is_in_force, seconds=60, what="the version takes effect")

    async def sweep(self) -> float:
        """Seconds until it has taken effect for everybody."""
        return await self._walked("sweep")

    async def _walked(self, kind: str) -> float:
        async def is_done() -> bool:
            return await self.db.fetchval(_DONE, kind) is True

        began = monotonic()
        await eventually(is_done, seconds=3_600, what=f"the {kind} ends")
        return monotonic() - began

    async def _is_in_force(self) -> bool:
        return not await self.db.fetchval(_AHEAD, self.db.clock.now())


@asynccontextmanager
async def working(place: Place, *, busy: bool) -> AsyncIterator[Crowd]:
    async with place.opened() as (runtime, producers):
        crowd, consumer = Crowd(place, runtime, producers), build_consumer(runtime)
        consumer.start()
        telling = asyncio.create_task(crowd.tell_forever()) if busy else None
        try:
            if busy:
                await eventually(lambda: handled(runtime) > BACKLOG, seconds=120, what="the traffic flows")
            yield crowd
        finally:
            if telling:
                telling.cancel()
            await consumer.stop()


async def measure(members: int, *, repetitions: int) -> Found:
    found: Found = defaultdict(list)
    async with running_engines() as bench:
        spare_collector()
        home = await settled(bench, members)
        with click.progressbar(
            length=repetitions * len(CHANGES) * 2, label="changing the policy", show_pos=True
        ) as bar:
            for _ in range(repetitions):
                for what, text in CHANGES.items():
                    for beside in (IDLE, BUSY):
                        async with copied(home, name="changing") as place, working(place, busy=beside == BUSY) as crowd:
                            await change(crowd, text, what, beside, found)
                        bar.update(1)
    return found


async def change(crowd: Crowd, text: str, what: str, beside: str, found: Found) -> None:
    async def nothing() -> float:
        await asyncio.sleep(PACED_SECONDS)
        return 0.0

    if beside == BUSY:
        found[what, ALONE, PACE].append((await crowd.pace(nothing))[1])
    for walk, work in ((IMPACT, lambda: crowd.impact(text)), (SWEEP, crowd.sweep)):
        if walk == SWEEP:
            await crowd.publish()
        seconds, pace = await crowd.pace(work)
        found[what, beside, walk].append(seconds)
        if beside == BUSY:
            found[what, walk, PACE].append(pace)


def goals(found: Found) -> list[Goal]:
    slowed = [
        1 - during / alone
        for walk in (IMPACT, SWEEP)
        for during, alone in zip(found[SEGMENT, walk, PACE], found[SEGMENT, ALONE, PACE], strict=True)
    ]
    both = [sum(pair) for pair in zip(found[SEGMENT, BUSY, IMPACT], found[SEGMENT, BUSY, SWEEP], strict=True)]
    return [
        at_most("a segment more, both walks beside live traffic", MOST_SECONDS, both, unit=" s"),
        at_most("live traffic slowed by them", MOST_SLOWED, slowed, unit=""),
    ]


def rows(found: Found) -> list[Row]:
    return [
        Row(
            labels={"changed": what, "walk": walk},
            figures={
                "s idle": spread(found[what, IDLE, walk]),
                "s beside live traffic": spread(found[what, BUSY, walk]),
                "live events/s meanwhile": spread(found[what, walk, PACE]),
                "without a walk": spread(found[what, ALONE, PACE]),
            },
        )
        for what in CHANGES
        for walk in (IMPACT, SWEEP)
    ]


@click.command(help=__doc__)
@click.option("--members", type=click.IntRange(1_000), default=1_000_000, show_default=True)
@click.option("--repetitions", type=click.IntRange(1), default=1, show_default=True)
def main(*, members: int, repetitions: int) -> None:
    configure_logging(level="WARNING", format="console")
    watch = Watch()
    found = loops.run(measure(members, repetitions=repetitions))
    keep(
        "lifecycle.walks",
        what=f"Another policy for {members:,} members",
        watch=watch,
        goals=goals(found),
        rows=rows(found),
    )


if __name__ == "__main__":
    main()
