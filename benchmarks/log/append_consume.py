"""How fast events are appended to the log and consumed with effects, and how soon after its append one is handled.

Rates are of one process that appends and consumes, as an embedded platform does, beside two baselines: the same rows by a
bare INSERT into a table that is no log, and a reader that only counts the rows of that table.

Latency is measured at a steady rate, open loop: each append begins when it is due, however slow those before it are, and its
time runs from then until its handler has left the effect. Once with the consumer in the same process, which a commit wakes;
once in a process of its own, which polls.
"""

import asyncio
from collections import defaultdict
from itertools import count

import click
from benchmarks.engines import running_engines
from benchmarks.log.latency import Latencies, consuming_apart, steady
from benchmarks.log.ledger import TRANSPORTS, create_ledger, open_ledger
from benchmarks.log.rates import APPEND, BARE_INSERT, BARE_READ, CONSUME, WRITERS, measure_rates
from benchmarks.measuring import Goal, Row, Watch, at_most, keep, quantile, spread

RATE = "events/s"
GREATEST_P99_MS = 50
WINDOWS = 5
WARM_UP_SECONDS = 2.0
LAYOUTS = {"the same process": True, "a process of its own": False}

Rates = dict[tuple[str, int], list[float]]


async def measure(
    transport: str, *, repetitions: int, seconds: float, rate: int, steady_seconds: float
) -> tuple[Rates, dict[str, Latencies]]:
    rates: Rates = defaultdict(list)
    latencies: dict[str, Latencies] = {}
    numbers = count()
    async with running_engines() as bench:
        await create_ledger(bench.engines)
        bench.engines.publish()
        async with open_ledger(bench.engines) as ledger:
            carrier = TRANSPORTS[transport]
            with click.progressbar(length=repetitions + len(LAYOUTS), label="appending", show_pos=True) as bar:
                for _ in range(repetitions):
                    for what, value in (await measure_rates(ledger, carrier, seconds=seconds, numbers=numbers)).items():
                        rates[what].append(value)
                    bar.update(1)
                for layout, embedded in LAYOUTS.items():
                    running = ledger.consuming(carrier) if embedded else consuming_apart(transport)
                    async with running:
                        await steady(ledger, rate=rate, seconds=WARM_UP_SECONDS, numbers=numbers)
                        latencies[layout] = await steady(ledger, rate=rate, seconds=steady_seconds, numbers=numbers)
                    bar.update(1)
    return rates, latencies


def goal(layout: str, latencies: Latencies, *, rate: int) -> Goal:
    """Of the whole run."""
    p99 = quantile(sorted(latencies.to_handler), 0.99)
    return at_most(
        f"p99 from append to handler at {rate} events/s, consumer in {layout}", GREATEST_P99_MS, [p99], unit=" ms"
    )


def rate_rows(rates: Rates) -> list[Row]:
    return [
        Row(labels={"what": what, "writers": writers or "–"}, figures={RATE: spread(values)})
        for (what, writers), values in rates.items()
    ]


def latency_row(layout: str, latencies: Latencies, *, rate: int) -> Row:
    """Each figure in as many windows of the run as there are repetitions elsewhere."""
    figures = {
        f"{name} ms to {until}": spread(windows(values, share))
        for until, values in (("commit", latencies.to_commit), ("handler", latencies.to_handler))
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }
    return Row(labels={"what": f"{rate} events/s, consumer in {layout}", "writers": "open loop"}, figures=figures)


def windows(values: list[float], share: float) -> list[float]:
    size = len(values) // WINDOWS
    return [quantile(sorted(values[n * size : (n + 1) * size]), share) for n in range(WINDOWS)]


def notes(rates: Rates) -> list[str]:
    """Shares of the baselines, repetition by repetition."""
    pairs = [(APPEND, BARE_INSERT, writers) for writers in WRITERS] + [(CONSUME, BARE_READ, 0)]
    return [
        f"{what}: {spread(shares).median:.0%} of the rate of {baseline}" + (f", {writers} writers" if writers else "")
        for what, baseline, writers in pairs
        if (shares := [ours / bare for ours, bare in zip(rates[what, writers], rates[baseline, writers], strict=True)])
    ]


@click.command(help=__doc__)
@click.option("--transport", type=click.Choice(list(TRANSPORTS)), default="postgres", show_default=True)
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True, help="Of each rate.")
@click.option("--seconds", type=click.FloatRange(0.2), default=2.0, show_default=True, help="Of each writing.")
@click.option("--rate", type=click.IntRange(1), default=500, show_default=True, help="Events/s of the steady load.")
@click.option("--steady-seconds", type=click.FloatRange(1), default=20.0, show_default=True, help="Of the steady load.")
def main(*, transport: str, repetitions: int, seconds: float, rate: int, steady_seconds: float) -> None:
    watch = Watch()
    rates, latencies = asyncio.run(
        measure(transport, repetitions=repetitions, seconds=seconds, rate=rate, steady_seconds=steady_seconds)
    )
    keep(
        "log.append_consume",
        what=f"The event log over {transport}: events appended one a transaction, and one row of effect for each",
        watch=watch,
        goals=[goal(layout, seen, rate=rate) for layout, seen in latencies.items()],
        rows=[*rate_rows(rates), *(latency_row(layout, seen, rate=rate) for layout, seen in latencies.items())],
        notes=[*notes(rates), f"Latencies: the spread is over {WINDOWS} windows of {steady_seconds / WINDOWS:g} s"],
    )


if __name__ == "__main__":
    main()
