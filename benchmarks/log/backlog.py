"""How fast a backlog is carried: by the relay to Kafka, and by a consumer to its effects, over both buses.

Each beside a bare client that moves the same bytes and does nothing else: aiokafka sending ready records in batches, aiokafka
reading the relay's topic and only counting, a SELECT of the same rows. All of it in one process, one after another, so that a
rate is what one core gives. From the first batch to the last: starting is not counted.
"""

from collections import defaultdict
from contextlib import AsyncExitStack
from itertools import count, islice

import click

from benchmarks.engines import running_engines
from benchmarks.log import bare
from benchmarks.log.ledger import PRODUCER, Ledger, create_ledger, open_ledger
from benchmarks.log.pace import Pace, pace_of
from benchmarks.log.transports import TRANSPORTS, WORKER, build_relay
from benchmarks.measuring import Row, Watch, at_least, keep, spread
from common import loops
from common.logging import configure_logging
from common.serving import spare_collector

LEAST_RELAYED = 25_000

RELAY, BARE_SEND = "relay to the topic", "bare aiokafka, send_batch"
CONSUME, BARE_READ = "consume, with effects", "bare read, counting"
PAIRS = [("kafka", RELAY, BARE_SEND), ("kafka", CONSUME, BARE_READ), ("postgres", CONSUME, BARE_READ)]

Paces = dict[tuple[str, str], list[Pace]]
"""By bus and what was done."""


async def measure(*, repetitions: int, events: int) -> Paces:
    paces: Paces = defaultdict(list)
    numbers = count()
    async with running_engines(brokers=1) as bench, AsyncExitStack() as stack:
        ledgers: list[Ledger] = []
        spare_collector()
        for bus in TRANSPORTS:
            await create_ledger(bench.engines, bus)
            ledgers.append(await stack.enter_async_context(open_ledger(bench.engines, bus, servers=bench.servers)))
        await bare.make_topic(ledgers[-1].broker, ledgers[-1].broker.topic(PRODUCER))
        with click.progressbar(length=repetitions * len(ledgers), label="carrying a backlog", show_pos=True) as bar:
            for _ in range(repetitions):
                for ledger in ledgers:
                    mine = list(islice(numbers, events))
                    for what, pace in (await BUSES[ledger.bus](ledger, mine)).items():
                        paces[ledger.bus, what].append(pace)
                    await ledger.forget()
                    bar.update(1)
    return paces


async def over_postgres(ledger: Ledger, numbers: list[int]) -> dict[str, Pace]:
    await ledger.tell(numbers)
    return {
        CONSUME: await _consume(ledger, len(numbers)),
        BARE_READ: await bare.read_rows(ledger, count=len(numbers)),
    }


async def over_kafka(ledger: Ledger, numbers: list[int]) -> dict[str, Pace]:
    topic = ledger.broker.topic(PRODUCER)
    begins = await bare.ends(ledger.broker, topic)
    await ledger.tell(numbers)
    relayed = await _relay(ledger, len(numbers))
    records, read = await bare.read_records(ledger.broker, topic, begins=begins)
    return {
        RELAY: relayed,
        BARE_SEND: await bare.send_records(ledger.broker, f"{topic}.bare-{numbers[0]}", records),
        CONSUME: await _consume(ledger, len(numbers)),
        BARE_READ: read,
    }


BUSES = {"postgres": over_postgres, "kafka": over_kafka}


async def _relay(ledger: Ledger, events: int) -> Pace:
    """Up to the last event that was told; the relay notes where it stands once all before it is acknowledged."""
    head: int = await ledger.producer.fetchval("SELECT max(id) FROM outbox")
    relay = build_relay(ledger, None)
    relay.start()
    try:
        return await pace_of(
            lambda: relay.state.cursor.position.id - head + events if relay.state else 0, total=events, what="relaying"
        )
    finally:
        await relay.stop()


async def _consume(ledger: Ledger, events: int) -> Pace:
    before = ledger.handled
    consumer = TRANSPORTS[ledger.bus][WORKER](ledger, None)
    consumer.start()
    try:
        return await pace_of(lambda: ledger.handled - before, total=events, what="consuming")
    finally:
        await consumer.stop()


def rows(paces: Paces) -> list[Row]:
    return [
        Row(
            labels={"bus": bus, "what": what},
            figures={
                "events/s": spread([pace.rate for pace in measured]),
                "CPU µs of an event": spread([pace.cpu_micros for pace in measured]),
            },
        )
        for (bus, what), measured in paces.items()
    ]


def notes(paces: Paces) -> list[str]:
    """Shares of the baselines, repetition by repetition."""
    return [
        f"{bus}, {what}: {spread(shares).median:.0%} of the rate of {baseline}"
        for bus, what, baseline in PAIRS
        if (
            shares := [
                ours.rate / theirs.rate for ours, theirs in zip(paces[bus, what], paces[bus, baseline], strict=True)
            ]
        )
    ]


@click.command(help=__doc__)
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True)
@click.option("--events", type=click.IntRange(10_000), default=60_000, show_default=True, help="Of each backlog.")
def main(*, repetitions: int, events: int) -> None:
    configure_logging(level="WARNING", format="console")
    watch = Watch()
    paces = loops.run(measure(repetitions=repetitions, events=events))
    keep(
        "log.backlog",
        what=f"A backlog of {events:,} events, carried by one process",
        watch=watch,
        goals=[
            at_least(
                "the relay, one process", LEAST_RELAYED, [pace.rate for pace in paces["kafka", RELAY]], unit=" events/s"
            )
        ],
        rows=rows(paces),
        notes=notes(paces),
    )


if __name__ == "__main__":
    main()
