"""Runs of a trial over every lane, in processes of their own: each opens its own connection, and can be told to end."""

import asyncio
import gc
import signal
from collections.abc import Callable, Collection
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from lifecycle.replays.runs.domain import Progress
from lifecycle.replays.trials.domain import Order, Outcome
from lifecycle.replays.trials.service import Watch, reading, tried, tried_on

LOOK_SECONDS = 0.2

Source = str | Path
"""A database, or the folder of an archive."""


class _Line(NamedTuple):
    """How a process tells of progress, and hears that it has to end."""

    told: "SimpleQueue[tuple[int, int]]"
    stopped: Event


_LINES: list[_Line] = []
"""Of this process, if it is one that runs lanes."""


def run(
    source: Source,
    order: Order,
    *,
    lanes: Collection[int],
    processes: int,
    progress: Progress,
    show: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """What each lane came to. Ctrl-C ends it with what is known so far, marked as partial; `show` is called meanwhile."""
    context = get_context("spawn")
    line = _Line(context.SimpleQueue(), context.Event())
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=line) as pool:
        futures = [pool.submit(_lane, source, order, lane) for lane in lanes]
        pending: Collection[Future[Outcome]] = futures
        while pending:
            try:
                pending = wait(pending, timeout=LOOK_SECONDS).not_done
                while not line.told.empty():
                    entries, events = line.told.get()
                    progress.entries += entries
                    progress.events += events
                show()
            except KeyboardInterrupt:
                line.stopped.set()
        return [future.result() for future in futures]


def _begin(told: "SimpleQueue[tuple[int, int]]", stopped: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells when to end
    _LINES[:] = [_Line(told, stopped)]
    collect_rarely()


def collect_rarely() -> None:
    """Members are many, kept for long and in no circles: a tenth of the time goes into looking for what is not there."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _lane(source: Source, order: Order, lane: int) -> Outcome:
    [line] = _LINES
    return asyncio.run(_tried(source, order, lane, line))


async def _tried(source: Source, order: Order, lane: int, line: _Line) -> Outcome:
    counted, told_at = [0, 0], monotonic()

    def notice(entries: int, events: int) -> None:
        nonlocal told_at
        counted[0] += entries
        counted[1] += events
        if monotonic() - told_at > LOOK_SECONDS:
            line.told.put((counted[0], counted[1]))
            counted[:] = [0, 0]
            told_at = monotonic()

    watch = Watch(notice, line.stopped.is_set)
    if isinstance(source, Path):
        outcome = await tried_on(source, lane, order, watch=watch)
    else:
        async with reading(source) as db:
            outcome = await tried(db, lane, order, watch=watch)
    line.told.put((counted[0], counted[1]))
    return outcome
