"""How long an event takes from when its append is due to when its handler leaves the effect."""

import asyncio
from dataclasses import dataclass
from itertools import count, islice
from time import monotonic

from benchmarks.log.ledger import Ledger
from benchmarks.measuring import Watch

AHEAD_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Latencies:
    """In milliseconds, of each event in the order in which they were due. `cores`: that all of it kept busy meanwhile."""

    to_commit: list[float]
    to_handler: list[float]
    cores: float


async def steady(ledger: Ledger, *, rate: int, seconds: float, numbers: "count[int]") -> Latencies:
    """Append at a steady rate, each event when it is due, and wait until all are handled."""
    mine = list(islice(numbers, int(rate * seconds)))
    committed: dict[int, float] = {}
    watch = Watch()
    began = monotonic() + AHEAD_SECONDS
    due = {number: began + n / rate for n, number in enumerate(mine)}

    async def append(number: int) -> None:
        await ledger.append(number)
        committed[number] = monotonic()

    async with asyncio.TaskGroup() as group:
        for number, moment in due.items():
            await asyncio.sleep(max(0.0, moment - monotonic()))
            group.create_task(append(number))
    cores = watch.load().ours
    handled = (await ledger.effects(since=mine[0], count=len(mine))).handled_at
    return Latencies(
        to_commit=[1000 * (committed[number] - moment) for number, moment in due.items()],
        to_handler=[1000 * (handled[number] - moment) for number, moment in due.items()],
        cores=cores,
    )
