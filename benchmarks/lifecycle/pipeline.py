"""How fast the engine takes events in, from the log to rows that are committed: members, journal, timers, receipts, actions.

A crowd of members has lived by the shipped policy for 1 to 100 events; a backlog of more events of theirs is in the logs.
One worker carries it, over PostgreSQL and over Kafka, as a distributed platform has it. Beside it, in the same run:

- `apart`: the same work with a transaction for each event, one after another;
- `shadow`: the very statements that the worker had sent, sent again on a copy of the database without any work between.

From the first batch to the last: starting is not counted.
"""

from collections import defaultdict
from collections.abc import Callable
from itertools import count

import click

from benchmarks.engines import running_engines
from benchmarks.lifecycle.places import Place, consume, consume_apart, copied, relaying, settled
from benchmarks.lifecycle.shadow import recording, say_again, shadows
from benchmarks.lifecycle.traffic import SPREADS, Picking, Producers, picked
from benchmarks.log.pace import Pace, Timing
from benchmarks.measuring import Goal, Plot, Row, Watch, at_least, keep, spread
from common import loops
from common.logging import configure_logging
from common.serving import spare_collector
from lifecycle.app import SERVICE

WORKER, APART, SHADOW = "worker", "apart", "shadow"
LEAST_OVER_APART, LEAST_SHARE = 25, 0.7

Paces = dict[tuple[int, Picking, str, str], list[Pace]]
"""By how many members there are, who of them is picked, the bus, and what was done."""


class Run:
    """With a crowd of some size."""

    def __init__(
        self, home: Place, *, events: int, apart: int, keep: Callable[[Picking, str, str, Pace], None]
    ) -> None:
        self._home, self._events, self._apart, self._keep = home, events, apart, keep
        self._seeds = count()

    async def over_postgres(self, how: Picking, *, repetitions: int) -> None:
        async with copied(self._home, name="over_postgres") as place:
            for _ in range(repetitions):
                await self._with_shadow(place, how)
                await self._one_by_one(place, how)

    async def over_kafka(self, how: Picking, *, repetitions: int) -> None:
        async with (
            copied(self._home, name=f"over_kafka_{len(self._home.members)}_{how}", bus="kafka") as place,
            place.opened() as (runtime, producers),
        ):
            for _ in range(repetitions):
                await self._tell(producers, how, self._events)
                async with relaying(place, runtime, producers):
                    self._keep(how, "kafka", WORKER, await consume(runtime, self._events))

    async def _with_shadow(self, place: Place, how: Picking) -> None:
        async with place.opened() as (_, producers):
            await self._tell(producers, how, self._events)
        async with copied(place, name="shadow") as other:
            async with place.opened() as (runtime, _):
                with recording() as said:
                    self._keep(how, "postgres", WORKER, await consume(runtime, self._events))
            async with other.opened(), shadows(other.url, schema=SERVICE.name, said=said) as connections:
                timing = Timing()
                await say_again(said, connections)
                self._keep(how, "postgres", SHADOW, timing.pace(self._events))

    async def _one_by_one(self, place: Place, how: Picking) -> None:
        async with place.opened() as (runtime, producers):
            await self._tell(producers, how, self._apart)
            self._keep(how, "postgres", APART, await consume_apart(place, runtime))

    async def _tell(self, producers: Producers, how: Picking, events: int) -> None:
        seed = next(self._seeds)
        await producers.tell(picked(self._home.members, how=how, seed=seed), events, seed=seed)


async def measure(crowds: list[int], *, repetitions: int, events: int, apart: int, kafka: bool) -> Paces:
    paces: Paces = defaultdict(list)
    async with running_engines(brokers=int(kafka)) as bench:
        spare_collector()
        for members in crowds:

            def keep(how: Picking, bus: str, what: str, pace: Pace, members: int = members) -> None:
                paces[members, how, bus, what].append(pace)
                click.echo(f"{members:>9,} {how:<8}{bus:<9}{what:<7}{pace.rate:>7,.0f}/s {pace.cpu_micros:>5.0f} µs")

            run = Run(await settled(bench, members), events=events, apart=apart, keep=keep)
            for how in SPREADS:
                await run.over_postgres(how, repetitions=repetitions)
                if kafka:
                    await run.over_kafka(how, repetitions=repetitions)
    return paces


def rows(paces: Paces) -> list[Row]:
    return [
        Row(
            labels={"members": members, "picked": how, "bus": bus, "what": what},
            figures={
                "events/s": spread([pace.rate for pace in measured]),
                "CPU µs of an event": spread([pace.cpu_micros for pace in measured]),
            },
        )
        for (members, how, bus, what), measured in paces.items()
    ]


def goals(paces: Paces) -> list[Goal]:
    most = max(members for members, *_ in paces)
    found = []
    for how in SPREADS:
        ours, apart, shadow = (
            [pace.rate for pace in paces[most, how, "postgres", what]] for what in (WORKER, APART, SHADOW)
        )
        found += [
            at_least(
                f"{how}: the worker over apart", LEAST_OVER_APART, [a / b for a, b in zip(ours, apart, strict=True)]
            ),
            at_least(
                f"{how}: the worker over its shadow", LEAST_SHARE, [a / b for a, b in zip(ours, shadow, strict=True)]
            ),
        ]
    return found


def plots(paces: Paces) -> list[Plot]:
    """How many members there are makes little difference, or much."""
    crowds = sorted({members for members, *_ in paces})
    return [
        Plot(
            title=f"events/s of a worker over {bus}",
            along="members",
            x=[f"{members:,}" for members in crowds],
            y=[spread([pace.rate for pace in paces[members, "uniform", bus, WORKER]]).median for members in crowds],
        )
        for bus in sorted({bus for _, _, bus, _ in paces})
    ]


@click.command(help=__doc__)
@click.option(
    "--crowds", default="10000,100000,1000000", show_default=True, help="How many members, one after another."
)
@click.option("--repetitions", type=click.IntRange(1), default=3, show_default=True)
@click.option("--events", type=click.IntRange(1_000), default=60_000, show_default=True, help="Of each backlog.")
@click.option("--apart", type=click.IntRange(100), default=3_000, show_default=True, help="Of those, one by one.")
@click.option("--kafka/--no-kafka", default=True, show_default=True)
def main(*, crowds: str, repetitions: int, events: int, apart: int, kafka: bool) -> None:
    configure_logging(level="WARNING", format="console")
    watch = Watch()
    sizes = [int(each) for each in crowds.split(",")]
    paces = loops.run(measure(sizes, repetitions=repetitions, events=events, apart=apart, kafka=kafka))
    keep(
        "lifecycle.pipeline",
        what=f"Backlogs of {events:,} events, carried by one worker",
        watch=watch,
        goals=goals(paces),
        rows=rows(paces),
        plots=plots(paces),
    )


if __name__ == "__main__":
    main()
