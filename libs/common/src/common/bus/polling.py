"""When a reader of outboxes looks again."""

import asyncio
from collections.abc import Sequence

from common.bus.tail import Tail
from common.bus.wakeups import Wakeups, wait_any

SETTLING_SECONDS = 0.002
EMBEDDED_SECONDS = 1.0
SHORTEST_SECONDS, LONGEST_SECONDS = 0.005, 0.25


class Polling:
    """Where the producers share the process they wake the reader; else it looks the more often the more it finds."""

    def __init__(self, wakeups: Wakeups | None, producers: Sequence[str]) -> None:
        self._embedded = wakeups is not None
        self._news = wakeups.subscribe(list(producers)) if wakeups else asyncio.Event()
        self._seconds = SHORTEST_SECONDS

    def wake(self) -> None:
        """Look now."""
        self._news.set()

    def begin(self) -> None:
        """A pass begins: what comes from now on wakes the next wait."""
        self._news.clear()

    def found(self) -> None:
        """There was something: look again soon."""
        self._seconds = SHORTEST_SECONDS

    async def wait(self, stopping: asyncio.Event, *tails: Tail) -> None:
        """Until there may be news, or what was seen may have become final."""
        await wait_any(self._idle_seconds(tails), self._news, stopping)

    def _idle_seconds(self, tails: Sequence[Tail]) -> float:
        if any(tail.marks.pending for tail in tails):
            waited = max(tail.settling_seconds for tail in tails)
            return min(max(SETTLING_SECONDS, waited / 10), LONGEST_SECONDS)
        if self._embedded:
            return EMBEDDED_SECONDS
        self._seconds = min(self._seconds * 2, LONGEST_SECONDS)
        return self._seconds
