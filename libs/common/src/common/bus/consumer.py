"""A group's consumer over PostgreSQL: one lane, one task, every producer it listens to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

import structlog

from common.bus import dead_letters, parked
from common.bus.feed import BatchSize, Feed
from common.bus.metrics import LogMetrics
from common.bus.processing import TooMuchPoison
from common.bus.records import Handlers
from common.bus.tail import Forked, HistoryLost, Tail
from common.bus.wakeups import Wakeups, wait_any
from common.db import Database
from common.loops import Loop

log = structlog.get_logger(__name__)

SETTLING_SECONDS = 0.002
EMBEDDED_SECONDS = 1.0
SHORTEST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.005, 0.25
HOUSEKEEPING_SECONDS = 5.0
ALARMED_SECONDS = 1.0
"""How long a feed that needs a person rests before it is tried again."""

_ALARMS = {Forked: "fork", HistoryLost: "history_lost", TooMuchPoison: "poison"}

Progress = Callable[[Mapping[str, datetime | None]], Awaitable[bool | None]]
"""Told after each pass: for each producer, the moment up to which every event has been handled. True: tell it again at once,
without a rest, because it is not done yet.
"""


class Consumer:
    """Runs until stopped; whatever fails, connections are closed, and it begins again from the cursors in the database.

    `wakeups` is given where the producers share the process; without it the logs are polled more often.
    """

    def __init__(
        self,
        *,
        db: Database,
        sources: Mapping[str, str],
        handlers: Handlers,
        metrics: LogMetrics,
        wakeups: Wakeups | None = None,
        on_progress: Progress | None = None,
        accept_missing_history: bool = True,
    ) -> None:
        """`sources`: producer → URL of the database that holds its outbox."""
        self.group = db.service
        self.feeds: list[Feed] = []
        self._db = db
        self._sources = sources
        self._handlers = handlers
        self._metrics = metrics
        self._embedded = wakeups is not None
        self._news = wakeups.subscribe(handlers.producers) if wakeups else asyncio.Event()
        self._on_progress = on_progress
        self._accept_missing_history = accept_missing_history
        self._poll_seconds = SHORTEST_POLL_SECONDS
        self._housekept_at = float("-inf")
        self._rests_until: dict[str, float] = {}
        self._sizes = {producer: BatchSize() for producer in handlers.producers}
        self._complete_to = dict.fromkeys(handlers.producers, db.clock.now())
        for producer in handlers.producers:
            age = partial(self._complete_age_seconds, producer)
            metrics.complete_age_seconds.labels(self.group, producer).set_function(age)
        self._loop = Loop(f"{self.group}.consumer", self._run, on_restart=self._failed)

    def start(self) -> None:
        self._loop.start()

    def wake(self) -> None:
        """Look now: a virtual clock has moved."""
        self._news.set()

    async def stop(self) -> None:
        """Finish the current batch, or roll it back, within five seconds."""
        await self._loop.stop()

    async def _run(self, stopping: asyncio.Event) -> None:
        self.feeds = [self._feed(producer) for producer in self._handlers.producers]
        try:
            for feed in self.feeds:
                await self._begin(feed)
            while not stopping.is_set():
                await self._pass(stopping)
        finally:
            for feed in self.feeds:
                await feed.tail.close()

    async def _begin(self, feed: Feed) -> None:
        try:
            missing = await feed.begin(accept_missing_history=self._accept_missing_history)
        except HistoryLost as error:
            self._alarm(feed, error)
            raise
        if missing:
            log.warning("history missing", group=self.group, producer=feed.producer)

    def _feed(self, producer: str) -> Feed:
        tail = Tail(url=self._sources[producer], producer=producer, group=self.group, clock=self._db.clock)
        return Feed(
            db=self._db,
            tail=tail,
            group=self.group,
            handlers=self._handlers,
            metrics=self._metrics,
            size=self._sizes[producer],
        )

    async def _pass(self, stopping: asyncio.Event) -> None:
        self._news.clear()
        scanned = 0
        for feed in self.feeds:
            scanned += await self._advance(feed)
        complete_to = {feed.producer: feed.tail.complete_to for feed in self.feeds}
        self._complete_to.update({producer: moment for producer, moment in complete_to.items() if moment is not None})
        more = False
        if self._on_progress is not None:
            more = bool(await self._on_progress(complete_to))
        await self._keep_house()
        if not scanned and not more:
            await wait_any(self._idle_seconds(), self._news, stopping)
        else:
            self._poll_seconds = SHORTEST_POLL_SECONDS

    async def _advance(self, feed: Feed) -> int:
        time = asyncio.get_running_loop().time()
        if time < self._rests_until.get(feed.producer, 0):
            return 0
        try:
            scanned = await feed.advance()
        except tuple(_ALARMS) as error:
            self._alarm(feed, error)
            self._rests_until[feed.producer] = time + ALARMED_SECONDS
            return 0
        self._clear_alarms(feed)
        return scanned

    def _idle_seconds(self) -> float:
        if any(feed.tail.marks.pending for feed in self.feeds):
            waited = max(feed.tail.settling_seconds for feed in self.feeds)
            return min(max(SETTLING_SECONDS, waited / 10), LONGEST_POLL_SECONDS)
        if self._embedded:
            return EMBEDDED_SECONDS
        self._poll_seconds = min(self._poll_seconds * 2, LONGEST_POLL_SECONDS)
        return self._poll_seconds

    def _complete_age_seconds(self, producer: str) -> float:
        """Asked whenever somebody looks, so that it grows while a feed stands still. Nothing was known before the start."""
        return (self._db.clock.now() - self._complete_to[producer]).total_seconds()

    async def _keep_house(self) -> None:
        """Now and then: replay what an older version parked, count what waits."""
        time = asyncio.get_running_loop().time()
        if time - self._housekept_at < HOUSEKEEPING_SECONDS:
            return
        self._housekept_at = time
        await parked.replay_known(self._db, self._handlers)
        for reason, count in (await dead_letters.count_open(self._db)).items():
            self._metrics.open_letters.labels(self.group, reason).set(count)
        for feed in self.feeds:
            unread, oldest = await feed.tail.unread(feed.cursor.position)
            self._metrics.lag_events.labels(self.group, feed.producer).set(unread)
            if oldest is not None:
                age = (self._db.clock.now() - oldest).total_seconds()
                self._metrics.lag_seconds.labels(self.group, feed.producer).set(age)

    def _alarm(self, feed: Feed, error: Exception) -> None:
        gauge = self._metrics.alarm.labels(self.group, feed.producer, _ALARMS[type(error)])
        if not gauge._value.get():  # noqa: SLF001 - the client gives no other way to read a gauge
            log.error(
                "log stopped", group=self.group, producer=feed.producer, kind=_ALARMS[type(error)], error=str(error)
            )
        gauge.set(1)

    def _clear_alarms(self, feed: Feed) -> None:
        self._rests_until.pop(feed.producer, None)
        for kind in _ALARMS.values():
            self._metrics.alarm.labels(self.group, feed.producer, kind).set(0)

    def _failed(self, _: BaseException) -> None:
        self._metrics.restarts.labels(self.group).inc()
