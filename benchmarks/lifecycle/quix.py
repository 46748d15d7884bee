"""The engine beside a job of Quix Streams, a stream processor in Python: the same events from the same broker, a process each.

The job keeps five stages and four healths, and tells when they change; see `quix_job`. It begins with nobody, the engine with its
crowd. `local`: its state is in RocksDB on one machine, and lost with it; `changelog`: it is in a topic as well, and what was told
may be told again after a crash. The engine's state is in PostgreSQL, committed with what it told, with every receipt, once.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import click
from aiokafka import AIOKafkaProducer

from benchmarks.engines import Bench, running_engines
from benchmarks.lifecycle.places import consume, copied, relaying, settled
from benchmarks.lifecycle.traffic import Producers, picked
from benchmarks.log.pace import Pace
from benchmarks.measuring import ROOT, Row, Watch, at_least, keep, spread
from common import loops
from common.bus.kafka.broker import Broker
from common.bus.kafka.rules import TopicRules
from common.bus.kafka.sender import BATCH_BYTES
from common.bus.kafka.topics import prepare_topic
from common.bus.lanes import LANES
from common.contracts.topics import generation_started_type
from common.ids import new_id
from common.logging import configure_logging
from common.serving import spare_collector

REQUIREMENT = "quixstreams==3.28.1"
JOB = ROOT / "benchmarks" / "lifecycle" / "quix_job.py"
ENGINE, LOCAL, CHANGELOG = "engine", "local", "changelog"
AT_ONCE = 2_000
_EVENTS = "SELECT key, envelope FROM outbox WHERE type NOT LIKE $1 ORDER BY generation, id"


def install(folder: Path) -> Path:
    """A Python with Quix Streams, which the project itself does not need."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", REQUIREMENT], check=True)
    return folder / "bin" / "python"


async def copy_to(bench: Bench, topic: str, producers: Producers) -> None:
    """Everything that was told, keyed by member, into one topic: what a team with one topic would have."""
    broker = Broker(servers=bench.servers, prefix="quix")
    await prepare_topic(broker, topic, TopicRules(keep=timedelta(days=14)), partitions=LANES, log=new_id())
    producer = AIOKafkaProducer(**broker.options("benchmark"), acks="all", linger_ms=20, max_batch_size=BATCH_BYTES)
    await producer.start()
    try:
        for service, db in producers.logs.items():
            rows = await db.fetch(_EVENTS, generation_started_type(service))
            for begin in range(0, len(rows), AT_ONCE):
                some = rows[begin : begin + AT_ONCE]
                sent = [await producer.send(topic, key=row["key"].encode(), value=row["envelope"]) for row in some]
                await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def run_job(python: Path, bench: Bench, topic: str, how: str, *, events: int) -> Pace:
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(str(python), str(JOB), bench.servers, topic, folder, how, str(events)), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the job ended with {process.returncode}")
    found = json.loads(said.splitlines()[-1])
    return Pace(events, found["seconds"], found["cpu_seconds"])


async def measure(python: Path, *, members: int, repetitions: int, events: int) -> dict[str, list[Pace]]:
    paces: dict[str, list[Pace]] = defaultdict(list)
    async with running_engines(brokers=1) as bench:
        spare_collector()
        home = await settled(bench, members)
        with click.progressbar(range(repetitions), label="a backlog by each", show_pos=True) as bar:
            for number in bar:
                name = f"beside_quix_{number}"
                async with (
                    copied(home, name=name, bus="kafka") as place,
                    place.opened() as (runtime, producers),
                ):
                    await producers.tell(picked(home.members, how="uniform", seed=number), events, seed=number)
                    async with relaying(place, runtime, producers):
                        paces[ENGINE].append(await consume(runtime, events))
                    await copy_to(bench, name, producers)
                for how in (LOCAL, CHANGELOG):
                    paces[how].append(await run_job(python, bench, name, how, events=events))
    return paces


@click.command(help=__doc__)
@click.option("--members", type=click.IntRange(1_000), default=1_000_000, show_default=True)
@click.option("--repetitions", type=click.IntRange(1), default=3, show_default=True)
@click.option("--events", type=click.IntRange(1_000), default=100_000, show_default=True)
@click.option(
    "--python", type=click.Path(path_type=Path), help=f"One with {REQUIREMENT}; else it is installed for the time."
)
def main(*, members: int, repetitions: int, events: int, python: Path | None) -> None:
    configure_logging(level="WARNING", format="console")
    with tempfile.TemporaryDirectory() as folder:
        python = python or install(Path(folder))
        watch = Watch()
        paces = loops.run(measure(python, members=members, repetitions=repetitions, events=events))
    rates = {what: [pace.rate for pace in measured] for what, measured in paces.items()}
    keep(
        "lifecycle.quix",
        what=f"{events:,} events of {members:,} members, beside {REQUIREMENT}",
        watch=watch,
        goals=[
            at_least(f"the engine over quix, {how}", 1, [a / b for a, b in zip(rates[ENGINE], rates[how], strict=True)])
            for how in (CHANGELOG, LOCAL)
        ],
        rows=[
            Row(
                labels={"what": what if what == ENGINE else f"quix, {what}"},
                figures={
                    "events/s": spread(rates[what]),
                    "CPU µs of an event": spread([pace.cpu_micros for pace in measured]),
                },
            )
            for what, measured in paces.items()
        ],
        notes=["The CPU of quix is that of the whole process, its start and its libraries' threads included"],
    )


if __name__ == "__main__":
    main()
