"""A group's consumer over PostgreSQL: one task, every producer it listens to, all lanes at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import structlog

from common.bus import instruments
from common.bus.carrying import BatchSize, Carrier
from common.bus.feed import Feed
from common.bus.instruments import Instruments
from common.bus.locks import EVERY_LANE
from common.bus.metrics import LogMetrics
from common.bus.moments import earliest
from common.bus.polling import Polling
from common.bus.position import Position
from common.bus.processing import TooMuchPoison
from common.bus.records import Handlers
from common.bus.tail import Forked, HistoryLost, Tail
from common.bus.wakeups import Wakeups
from common.db import Database
from common.loops import Loop

log = structlog.get_logger(__name__)

_ALARMS = {Forked: "fork", HistoryLost: "history_lost", TooMuchPoison: "poison"}

Progress = Callable[[Mapping[int, Mapping[str, datetime | None]]], Awaitable[bool | None]]
"""Told after each pass: for each lane that this member has, for each producer, the moment up to which every event has been
handled. True: tell it again at once, without a rest, because it is not done yet.
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
        self._polling = Polling(wakeups, handlers.producers)
        self._on_progress = on_progress
        self._accept_missing_history = accept_missing_history
        self._rests_until: dict[str, float] = {}
        self._sizes = {producer: BatchSize(handlers.at_once) for producer in handlers.producers}
        self._carrier = Carrier(db=db, handlers=handlers, metrics=metrics)
        self._instruments = Instruments(db=db, handlers=handlers, metrics=metrics, alarms=_ALARMS)
        self._loop = Loop(f"{self.group}.consumer", self._run, on_restart=self._failed)

    def start(self) -> None:
        self._loop.start()

    def handled_to(self, producer: str) -> Sequence[Position]:
        """The last position that was handled: one for the whole log. Nothing before it has begun."""
        return [feed.cursor.position for feed in self.feeds if feed.begun and feed.producer == producer]

    def complete_to(self, producer: str) -> datetime | None:
        """Every event that was appended at or before it has been handled. None: nothing is known yet."""
        return earliest([feed.tail.complete_to for feed in self.feeds if feed.producer == producer])

    def wake(self) -> None:
        """Look now: a virtual clock has moved."""
        self._polling.wake()

    async def stop(self) -> None:
        """Finish the current batch, or roll it back, within five seconds."""
        await self._loop.stop()

    async def _run(self, stopping: asyncio.Event) -> None:
        self.feeds = [self._feed(producer) for producer in self._handlers.producers]
        try:
            await self._instruments.check_clock()
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
            self._instruments.raise_alarm(feed.producer, error)
            raise
        if missing:
            log.warning("history missing", group=self.group, producer=feed.producer)

    def _feed(self, producer: str) -> Feed:
        tail = Tail(url=self._sources[producer], producer=producer, group=self.group, clock=self._db.clock)
        return Feed(db=self._db, tail=tail, carrier=self._carrier, metrics=self._metrics, size=self._sizes[producer])

    async def _pass(self, stopping: asyncio.Event) -> None:
        self._polling.begin()
        scanned = 0
        for feed in self.feeds:
            scanned += await self._advance(feed)
        complete_to = {feed.producer: feed.tail.complete_to for feed in self.feeds}
        self._instruments.completed(complete_to)
        more = False
        if self._on_progress is not None:
            more = bool(await self._on_progress(dict.fromkeys(EVERY_LANE, complete_to)))
        if await self._instruments.keep_house():
            await self._measure_lag()
        if not scanned and not more:
            await self._polling.wait(stopping, *(feed.tail for feed in self.feeds))
        else:
            self._polling.found()

    async def _advance(self, feed: Feed) -> int:
        time = asyncio.get_running_loop().time()
        if time < self._rests_until.get(feed.producer, 0):
            return 0
        try:
            scanned = await feed.advance()
        except tuple(_ALARMS) as error:
            self._instruments.raise_alarm(feed.producer, error)
            self._rests_until[feed.producer] = time + instruments.ALARMED_SECONDS
            return 0
        self._rests_until.pop(feed.producer, None)
        self._instruments.clear_alarms([feed.producer])
        return scanned

    async def _measure_lag(self) -> None:
        for feed in self.feeds:
            unread, oldest = await feed.tail.unread(feed.cursor.position)
            self._instruments.lag(feed.producer, unread=unread, oldest=oldest)

    def _failed(self, _: BaseException) -> None:
        self._metrics.restarts.labels(self.group).inc()
