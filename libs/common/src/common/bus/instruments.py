"""What a group shows of itself and does for itself now and then, over whatever transport it reads."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from common.bus import dead_letters, parked
from common.bus.metrics import LogMetrics
from common.bus.processing import CLOCK_TOLERANCE
from common.bus.records import Handlers
from common.db import Database

log = structlog.get_logger(__name__)

HOUSEKEEPING_SECONDS = 5.0
ALARMED_SECONDS = 1.0
"""How long what needs a person rests before it is tried again."""


class ClockWrong(Exception):
    """The process and its database do not have the same time: every event would seem to be of the future or long past."""


class Instruments:
    """`alarms`: which exceptions need a person, and under which name."""

    def __init__(
        self, *, db: Database, handlers: Handlers, metrics: LogMetrics, alarms: Mapping[type[Exception], str]
    ) -> None:
        self.group = db.service
        self.alarms = {**alarms, ClockWrong: "clock"}
        self._db = db
        self._handlers = handlers
        self._metrics = metrics
        self._housekept_at = float("-inf")
        self._complete_to = dict.fromkeys(handlers.producers, db.clock.now())
        for producer in handlers.producers:
            age = partial(self._complete_age_seconds, producer)
            metrics.complete_age_seconds.labels(self.group, producer).set_function(age)

    def completed(self, moments: Mapping[str, datetime | None]) -> None:
        """For each producer, the moment up to which every event has been handled."""
        self._complete_to.update({producer: moment for producer, moment in moments.items() if moment is not None})

    def _complete_age_seconds(self, producer: str) -> float:
        """Asked whenever somebody looks, so that it grows while a feed stands still. Nothing was known before the start."""
        return (self._db.clock.now() - self._complete_to[producer]).total_seconds()

    def raise_alarm(self, producer: str, error: Exception) -> None:
        kind = self.alarms[type(error)]
        gauge = self._metrics.alarm.labels(self.group, producer, kind)
        if not gauge._value.get():  # noqa: SLF001 - the client gives no other way to read a gauge
            log.error("log stopped", group=self.group, producer=producer, kind=kind, error=str(error))
        gauge.set(1)

    def clear_alarms(self, producers: Iterable[str], *, but: Collection[str] = ()) -> None:
        """`but`: kinds that still ring."""
        for producer in producers:
            for kind in set(self.alarms.values()) - set(but):
                self._metrics.alarm.labels(self.group, producer, kind).set(0)

    async def check_clock(self) -> None:
        """Raises ClockWrong. A virtual clock is as it is."""
        if self._db.clock.log_time() is not None:
            return
        theirs = await self._db.fetchval("SELECT clock_timestamp()")
        ahead = self._db.clock.now() - theirs
        self._metrics.clock_skew_seconds.labels(self.group).set(ahead.total_seconds())
        if abs(ahead) > CLOCK_TOLERANCE:
            error = ClockWrong(f"this process's clock is {_told(ahead)} of its database's; set the clock that is wrong")
            for producer in self._handlers.producers:
                self.raise_alarm(producer, error)
            raise error

    async def keep_house(self) -> bool:
        """Now and then: replay what an older version parked, count what waits, compare clocks. Whether it was time for it."""
        time = asyncio.get_running_loop().time()
        if time - self._housekept_at < HOUSEKEEPING_SECONDS:
            return False
        self._housekept_at = time
        await self.check_clock()
        await parked.replay_known(self._db, self._handlers)
        for reason, count in (await dead_letters.count_open(self._db)).items():
            self._metrics.open_letters.labels(self.group, reason).set(count)
        return True

    def lag(self, producer: str, *, unread: int, oldest: datetime | None) -> None:
        """How many events are not read, and when the oldest was appended."""
        self._metrics.lag_events.labels(self.group, producer).set(unread)
        age = 0.0 if oldest is None else (self._db.clock.now() - oldest).total_seconds()
        self._metrics.lag_seconds.labels(self.group, producer).set(age)


def _told(ahead: timedelta) -> str:
    return f"{abs(ahead)} {'ahead' if ahead > timedelta() else 'behind'}"
