"""How fast events are appended to the log and consumed with effects, and how soon after its append one is handled.

Over PostgreSQL and over Kafka in turn, in the same run. Once in one process, which appends, relays and consumes as an embedded
platform does, where a commit wakes whoever waits; once apart: the relay (of Kafka) and the worker in a process each, as in a
distributed platform, where they poll. Beside them, what only writing costs: the append alone, and the same rows by a bare
INSERT into a table that is no log.

Latency is measured at a steady rate, open loop: each append begins when it is due, however slow those before it are, and its
time runs from then until its handler has left the effect.
"""

from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count

import click

from benchmarks.engines import running_engines
from benchmarks.log.latency import Latencies, steady
from benchmarks.log.ledger import Ledger, create_ledger, open_ledger
from benchmarks.log.rates import APPEND, BARE_INSERT, WRITERS, appending_and_consuming, warm_up, writing
from benchmarks.log.transports import TRANSPORTS, apart, together
from benchmarks.measuring import Goal, Row, Watch, at_most, keep, quantile, spread
from common import loops
from common.logging import configure_logging
from common.serving import spare_collector

GREATEST_P99_MS = {"postgres": 50, "kafka": 100}
WINDOWS = 5
WARM_UP_SECONDS = 2.0
LAYOUTS = {"in one process": together, "apart": apart}
NO_BUS = "–"


@dataclass
class Measured:
    rates: dict[tuple[str, str, str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    """Events/s by bus, processes, what was done and the number of writers."""
    latencies: dict[tuple[str, str], Latencies] = field(default_factory=dict)
    """By bus and processes."""


async def measure(*, repetitions: int, seconds: float, rate: int, steady_seconds: float) -> Measured:
    measured, numbers = Measured(), count()
    async with running_engines(brokers=1) as bench, AsyncExitStack() as stack:
        bench.publish()
        spare_collector()
        ledgers: list[Ledger] = []
        for bus in TRANSPORTS:
            await create_ledger(bench.engines, bus)
            ledgers.append(await stack.enter_async_context(open_ledger(bench.engines, bus, servers=bench.servers)))
        with click.progressbar(length=repetitions + len(ledgers), label="appending", show_pos=True) as bar:
            for _ in range(repetitions):
                await measure_rates(ledgers, measured, seconds=seconds, numbers=numbers)
                bar.update(1)
            for ledger in ledgers:
                for layout, running in LAYOUTS.items():
                    async with running(ledger):
                        await warm_up(ledger, numbers=numbers)
                        await steady(ledger, rate=rate, seconds=WARM_UP_SECONDS, numbers=numbers)
                        measured.latencies[ledger.bus, layout] = await steady(
                            ledger, rate=rate, seconds=steady_seconds, numbers=numbers
                        )
                bar.update(1)
    return measured


async def measure_rates(ledgers: list[Ledger], measured: Measured, *, seconds: float, numbers: "count[int]") -> None:
    """One repetition."""
    for (what, writers), rate in (await writing(ledgers[0], seconds=seconds, numbers=numbers)).items():
        measured.rates[NO_BUS, NO_BUS, what, writers].append(rate)
    for ledger in ledgers:
        for layout, running in LAYOUTS.items():
            async with running(ledger):
                both = await appending_and_consuming(ledger, seconds=seconds, numbers=numbers)
            for (what, writers), rate in both.items():
                measured.rates[ledger.bus, layout, what, writers].append(rate)
        await ledger.forget()


def goals(measured: Measured, *, rate: int) -> list[Goal]:
    """Of the whole runs."""
    return [
        at_most(
            f"{bus}: p99 from append to handler at {rate} events/s, {layout}",
            GREATEST_P99_MS[bus],
            [quantile(sorted(seen.to_handler), 0.99)],
            unit=" ms",
        )
        for (bus, layout), seen in measured.latencies.items()
    ]


def rate_rows(measured: Measured) -> list[Row]:
    return [
        Row(
            labels={"bus": bus, "what": what, "processes": layout, "writers": writers},
            figures={"events/s": spread(values)},
        )
        for (bus, layout, what, writers), values in measured.rates.items()
    ]


def latency_rows(measured: Measured, *, rate: int) -> list[Row]:
    """Each figure in so many windows of the run as there are repetitions elsewhere."""
    return [
        Row(
            labels={"bus": bus, "what": f"{rate} events/s, open loop", "processes": layout},
            figures={
                f"{name} ms to {until}": spread(windows(values, share))
                for until, values in (("commit", seen.to_commit), ("handler", seen.to_handler))
                for name, share in (("p50", 0.5), ("p99", 0.99))
            }
            | {"cores": spread([seen.cores])},
        )
        for (bus, layout), seen in measured.latencies.items()
    ]


def windows(values: list[float], share: float) -> list[float]:
    size = len(values) // WINDOWS
    return [quantile(sorted(values[n * size : (n + 1) * size]), share) for n in range(WINDOWS)]


def notes(measured: Measured) -> list[str]:
    """Shares of the baselines, repetition by repetition."""
    rates = measured.rates
    baselines = {
        (NO_BUS, NO_BUS, APPEND): BARE_INSERT,
        **{(bus, layout, what): APPEND for bus, layout, what, _ in rates if bus != NO_BUS},
    }
    return [
        f"{what}{f' over {bus}, {layout}' if bus != NO_BUS else ''}: {spread(shares).median:.0%} of the rate of {baseline},"
        f" writers: {writers}"
        for (bus, layout, what), baseline in baselines.items()
        for writers in WRITERS
        if (
            shares := [
                ours / bare
                for ours, bare in zip(
                    rates[bus, layout, what, writers], rates[NO_BUS, NO_BUS, baseline, writers], strict=True
                )
            ]
        )
    ]


@click.command(help=__doc__)
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True, help="Of each rate.")
@click.option("--seconds", type=click.FloatRange(0.2), default=1.5, show_default=True, help="Of each writing.")
@click.option("--rate", type=click.IntRange(1), default=500, show_default=True, help="Events/s of the steady load.")
@click.option("--steady-seconds", type=click.FloatRange(1), default=20.0, show_default=True, help="Of the steady load.")
def main(*, repetitions: int, seconds: float, rate: int, steady_seconds: float) -> None:
    configure_logging(level="WARNING", format="console")
    watch = Watch()
    measured = loops.run(measure(repetitions=repetitions, seconds=seconds, rate=rate, steady_seconds=steady_seconds))
    keep(
        "log.append_consume",
        what="Events appended one a transaction, and one row of effect for each, over PostgreSQL and over Kafka",
        watch=watch,
        goals=goals(measured, rate=rate),
        rows=[*rate_rows(measured), *latency_rows(measured, rate=rate)],
        notes=[
            *notes(measured),
            "Apart: over postgres the worker in a process of its own, over kafka the relay and the worker in one each",
            "Cores: that the appender, the engines and the parts keep busy together",
            f"Latencies: the spread is over {WINDOWS} windows of {steady_seconds / WINDOWS:g} s",
        ],
    )


if __name__ == "__main__":
    main()
