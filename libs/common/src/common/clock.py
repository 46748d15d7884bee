"""Business time. Tokens, rate limits and key retention use the system's clock instead (design §8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    def now(self) -> datetime:
        """The present business moment, in UTC."""
        ...

    def log_time(self) -> datetime | None:
        """What the log stamps on events as they are appended; None: the database's own clock."""
        ...

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Time does not move while a unit of work is open."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def log_time(self) -> datetime | None:
        return None

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        yield


class VirtualClock:
    """A clock that somebody drives: it stands still until moved, and moves only while no unit of work is open."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock starts at a moment with a zone")
        self._now = start.astimezone(UTC)
        self._holders = 0
        self._released = asyncio.Condition()

    def now(self) -> datetime:
        return self._now

    def log_time(self) -> datetime | None:
        return self._now

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                async with self._released:
                    self._released.notify_all()

    async def advance_to(self, moment: datetime) -> None:
        """Wait until no unit of work is open, then move. Raises ValueError for a moment in the past."""
        if moment < self._now:
            raise ValueError(f"a clock does not go back: {moment} is before {self._now}")
        async with self._released:
            await self._released.wait_for(lambda: not self._holders)
            self._now = moment.astimezone(UTC)


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day 業務日 in the business's zone."""
    return moment.astimezone(zone).date()
