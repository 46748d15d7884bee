"""Waking readers in the same process after a commit: instead of NOTIFY, which serialises commits."""

import asyncio
from collections import defaultdict
from contextlib import suppress


class Wakeups:
    """One per process. Readers in other processes poll instead."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    def subscribe(self, topics: list[str]) -> asyncio.Event:
        """An event that is set whenever one of the topics has news. The subscriber clears it."""
        event = asyncio.Event()
        for topic in topics:
            self._waiting[topic].add(event)
        return event

    def wake(self, topic: str) -> None:
        for event in self._waiting[topic]:
            event.set()


async def wait_any(seconds: float, *events: asyncio.Event) -> None:
    """Return when one of the events is set or the time is over."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
