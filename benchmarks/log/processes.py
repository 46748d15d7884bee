"""How much memory each process takes, and how long it takes to start: those of the distributed platform, the embedded one, and
the engines.

Nobody uses the platform meanwhile. Ready is a process whose `/health/ready` says so, an engine that answers, an embedded
platform that has said that it is. PSS counts what several processes share by their shares, so that it may be added up.
"""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

import click

from benchmarks.measuring import PROC, ROOT, Row, Watch, keep, spread
from common import loops
from common.engines.folder import open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.postgres import PostgresEngine
from common.engines.processes import find_marked
from common.engines.valkey import ValkeyEngine
from common.logging import configure_logging
from common.testing.folders import make_folder
from embedded.distributed.children import Child, wait_ready
from embedded.distributed.platform import Distributed, running_processes

ENGINES = {"PostgreSQL": "postgres", "Valkey": "valkey", "Kafka": "kafka-1"}
"""By the marks of their processes."""
EMBEDDED = "the embedded platform"
READY = "is ready"
QUIET_SECONDS = 2.0
FIRST, AGAIN, START, PSS, RSS = "s to start, new", "s to start again", "s to start", "PSS MB", "RSS MB"

Figures = dict[str, dict[str, list[float]]]
"""Process → figure → its values."""


def new_figures() -> Figures:
    return defaultdict(lambda: defaultdict(list))


async def measure_services(figures: Figures, engines: Figures, *, repetitions: int) -> None:
    """Each process is started alone, after all of them were stopped; its memory is read when all run."""
    async with _folder() as data, running_processes(data, port=0, kafka_port=None, tell=lambda _: None) as platform:
        children = list(platform.children.values())
        with click.progressbar(length=repetitions * len(children), label="processes", show_pos=True) as bar:
            for _ in range(repetitions):
                await _stop(children)
                async with AsyncExitStack() as stack:
                    children = [
                        Child(each.place, environment=each.environment, logs=platform.logs) for each in children
                    ]
                    stack.push_async_callback(_stop, children)
                    for child in children:
                        began = monotonic()
                        child.start()
                        await wait_ready([child])
                        figures[child.place.name][START].append(monotonic() - began)
                        bar.update(1)
                    await asyncio.sleep(QUIET_SECONDS)
                    for child in children:
                        _read_memory(figures[child.place.name], [child.pid or 0])
                    for engine, mark in ENGINES.items():
                        _read_memory(engines[engine], _pids(platform, mark))


async def _stop(children: Iterable[Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children))


def _pids(platform: Distributed, mark: str) -> list[int]:
    return [process.pid for process in find_marked(platform.folder.mark(mark))]


async def measure_engines(figures: Figures, *, repetitions: int) -> None:
    """Each alone."""
    for _ in range(repetitions):
        async with _folder() as data:
            with open_folder(data) as folder:
                for name, engine in (
                    ("PostgreSQL", PostgresEngine(folder)),
                    ("Valkey", ValkeyEngine(folder)),
                    ("Kafka", KafkaEngine(folder)),
                ):
                    for figure in (FIRST, AGAIN):
                        figures[name][figure].append(await _seconds(engine.start))
                        await engine.stop()


async def _seconds(start: Callable[[], Awaitable[None]]) -> float:
    began = monotonic()
    await start()
    return monotonic() - began


async def measure_embedded(figures: Figures, *, repetitions: int) -> None:
    """Its one process and its engines; memory is that of the process alone."""
    for _ in range(repetitions):
        async with _folder() as data:
            for figure in (FIRST, AGAIN):
                began = monotonic()
                async with _embedded(data) as pid:
                    figures[EMBEDDED][figure].append(monotonic() - began)
                    if figure == AGAIN:
                        await asyncio.sleep(QUIET_SECONDS)
                        _read_memory(figures[EMBEDDED], [pid])


@asynccontextmanager
async def _embedded(data: Path) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "embedded", "--port", "0", "--data", str(data)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said = b""
        while process.stdout is not None and READY.encode() not in said:
            said = await process.stdout.readline()
            if not said:
                raise RuntimeError("the embedded platform did not start")
        yield process.pid
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    """On a disk."""
    path = make_folder(Path(tempfile.gettempdir()))
    try:
        yield path / "data"
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _read_memory(figures: dict[str, list[float]], pids: Iterable[int]) -> None:
    """Of all of them together."""
    found = [memory_mb((PROC / str(pid) / "smaps_rollup").read_text()) for pid in pids]
    for figure in (PSS, RSS):
        figures[figure].append(sum(each[figure] for each in found))


def memory_mb(rollup: str) -> dict[str, float]:
    """From a process's `smaps_rollup`."""
    lines = dict(line.split(":", 1) for line in rollup.splitlines()[1:])
    return {figure: int(lines[name].split()[0]) * 1024 / 1e6 for figure, name in ((PSS, "Pss"), (RSS, "Rss"))}


def rows(figures: Figures, label: str) -> list[Row]:
    return [
        Row(labels={label: process}, figures={figure: spread(values) for figure, values in its_own.items()})
        for process, its_own in figures.items()
    ]


@click.command(help=__doc__)
@click.option("--repetitions", type=click.IntRange(1), default=3, show_default=True)
def main(*, repetitions: int) -> None:
    configure_logging(level="ERROR", format="console")
    watch = Watch()
    services, others = new_figures(), new_figures()

    async def measure() -> None:
        await measure_engines(others, repetitions=repetitions)
        await measure_services(services, others, repetitions=repetitions)
        await measure_embedded(others, repetitions=repetitions)

    loops.run(measure())
    total = sum(spread(each[PSS]).median for name, each in (services | others).items() if name != EMBEDDED)
    keep(
        "log.processes",
        what="Memory at rest, and time to start, of every process",
        watch=watch,
        goals=[],
        rows=[*rows(services, "process"), *rows(others, "engines and platforms")],
        notes=[
            f"The distributed platform with its engines takes {total:,.0f} MB (PSS) at rest",
            "Engines: with the distributed platform connected; RSS of several processes together counts what they share again",
            "A new embedded platform makes its database and migrates it",
        ],
    )


if __name__ == "__main__":
    main()
