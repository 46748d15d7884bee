"""How fast something goes, and what it costs the process that does it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from benchmarks.measuring import cpu_seconds
from common.testing.waiting import eventually

DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`cpu_seconds`: of this process alone, not of the engines."""

    events: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Events/s."""
        return self.events / self.seconds

    @property
    def cpu_micros(self) -> float:
        """Of each event."""
        return 1e6 * self.cpu_seconds / self.events


class Timing:
    """Begins when it is made."""

    def __init__(self) -> None:
        self._began, self._used = monotonic(), cpu_seconds(os.getpid())

    def pace(self, events: int) -> Pace:
        return Pace(events, monotonic() - self._began, cpu_seconds(os.getpid()) - self._used)


async def pace_of(done: Callable[[], int], *, total: int, what: str) -> Pace:
    """From when the first of them are done until all are: what goes on in the background needs some time to begin."""
    await eventually(done, seconds=DEADLINE_SECONDS, what=f"{what} begins")
    timing, first = Timing(), done()
    await eventually(lambda: done() >= total, seconds=DEADLINE_SECONDS, what=f"{what} ends")
    return timing.pace(total - first)
