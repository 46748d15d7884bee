"""Time passes for members: no further than every producer's events have been read, in the lanes' order of locks."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import asyncpg
import structlog

from common.bus.locks import EVERY_LANE, lock_lanes
from common.bus.poison import is_poison
from common.db import Database
from common.runtime import Runtime
from lifecycle.batches import service as batches
from lifecycle.batches.arrivals.service import deliver
from lifecycle.batches.timers import service as timers
from lifecycle.identities.forwarding import service as forwarding
from lifecycle.journal import service as journal
from lifecycle.publishing.walking.service import Walking
from lifecycle.resources import Resources
from lifecycle.stepping.clocks import service as clocks
from lifecycle.stepping.clocks.domain import watermark

log = structlog.get_logger(__name__)

LARGEST = 500
"""Members that one transaction wakes."""
LOOK_SECONDS = 1.0
"""How often the timers are looked at although this process knows of none that is due: others may have armed one."""
LONGEST_SECONDS = 0.25
"""How long events may have to wait while members are woken."""
PUT_OFF = timedelta(hours=1)


async def tick(
    db: Database, *, lanes: Collection[int], up_to: datetime, read_to: Mapping[int, datetime] | None = None
) -> int:
    """State that everything in these lanes that was appended by `up_to` has been read, take in what came from other lanes,
    and wake those of their members who are due by then; how many. `read_to`: the same of other lanes.
    """
    await deliver(db, lanes)
    read_to = {**(read_to or {}), **dict.fromkeys(lanes, up_to)}
    try:
        return len(await _wake(db, lanes=lanes, up_to=up_to, read_to=read_to))
    except Exception as error:
        if not is_poison(error):
            raise
    return await _wake_apart(db, lanes=lanes, up_to=up_to)


class Ticks:
    """Told after each pass of the consumer how complete its view of each producer is, in the lanes that it has."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._producers = runtime.service.handlers.producers
        self._looked_at: dict[int, float] = {}
        self._rests_until: dict[int, float] = {}
        self._reached = dict.fromkeys(EVERY_LANE, runtime.clock.now())
        """Of the lanes that this process has; of all, until it is known which those are."""
        self._read_to: Mapping[int, datetime] = {}
        self._walking = Walking(runtime.db)
        resources: Resources = runtime.resources
        resources.metrics.watch_watermark(self._age_seconds)

    async def __call__(self, lanes: Mapping[int, Mapping[str, datetime | None]]) -> bool:
        """True: there was more to do than fits in one go."""
        reached = {lane: moment for lane, complete_to in lanes.items() if (moment := self._watermark(complete_to))}
        now = self._runtime.clock.now()
        self._read_to = reached
        self._reached = {lane: reached.get(lane) or self._reached.get(lane, now) for lane in lanes}
        together: dict[datetime, list[int]] = defaultdict(list)
        for lane, up_to in reached.items():
            if self._has_to_look(lane, up_to):
                together[up_to].append(lane)
        more = False
        for up_to, its_lanes in together.items():
            more = await self._look(its_lanes, up_to) or more
        return more or await self._walking(lanes)

    def _watermark(self, complete_to: Mapping[str, datetime | None]) -> datetime | None:
        return watermark(
            self._producers, {producer: moment for producer, moment in complete_to.items() if moment is not None}
        )

    def _has_to_look(self, lane: int, up_to: datetime) -> bool:
        time, resources = monotonic(), self._runtime.resources
        if time < self._rests_until.get(lane, 0):
            return False
        looked_at = self._looked_at.get(lane)
        return looked_at is None or time - looked_at >= LOOK_SECONDS or resources.alarm.rings(lane, up_to)

    async def _look(self, lanes: Collection[int], up_to: datetime) -> bool:
        try:
            more = await self._wake_all(lanes, up_to)
        except asyncpg.LockNotAvailableError:  # whoever had one of them before still works on it
            self._rests_until |= dict.fromkeys(lanes, monotonic() + LOOK_SECONDS)
            return False
        for lane in lanes:
            if more:
                self._looked_at.pop(lane, None)
            else:
                self._looked_at[lane] = monotonic()
        return more

    def _age_seconds(self) -> float:
        """Of the lane that is furthest behind."""
        now = self._runtime.clock.now()
        return (now - min(self._reached.values(), default=now)).total_seconds()

    async def _wake_all(self, lanes: Collection[int], up_to: datetime) -> bool:
        db, resources = self._runtime.db, self._runtime.resources
        started = monotonic()
        while await tick(db, lanes=lanes, up_to=up_to, read_to=self._read_to) == LARGEST:
            if monotonic() - started > LONGEST_SECONDS:
                return True
        await timers.set_alarm(db, resources.alarm, lanes)
        return False


async def _wake(
    db: Database,
    *,
    lanes: Collection[int],
    up_to: datetime,
    read_to: Mapping[int, datetime],
    only: Collection[UUID] | None = None,
) -> Collection[UUID]:
    async with db.transaction() as uow:
        await lock_lanes(uow, uow.service, lanes)
        await clocks.read_to(uow, read_to)
        until = await forwarding.horizon(uow, up_to)
        times = await clocks.turn(uow, lanes, watermark=until)
        due = await timers.find_due(uow, lanes=lanes, until=until, limit=LARGEST) if only is None else only
        await journal.write_time(uow, {lane: () for lane, time in times.items() if time.beats}, times)
        if due:
            await batches.wake(uow, due)
    return due


async def _wake_apart(db: Database, *, lanes: Collection[int], up_to: datetime) -> int:
    """Each member alone, because one of them cannot be moved: that one is put off, the others go on."""
    due = await timers.find_due(db, lanes=lanes, until=up_to, limit=LARGEST)
    for member_id, lane in due.items():
        try:
            await _wake(db, lanes=[lane], up_to=up_to, read_to={lane: up_to}, only=[member_id])
        except Exception as error:
            if not is_poison(error):
                raise
            log.exception("member not woken", member_id=str(member_id))
            await _put_off(db, member_id, lane, until=up_to + PUT_OFF)
    return len(due)


async def _put_off(db: Database, member_id: UUID, lane: int, *, until: datetime) -> None:
    async with db.transaction() as uow:
        resources: Resources = uow.resources
        await lock_lanes(uow, uow.service, [lane])
        await timers.rearm(uow, [(member_id, lane, until)], alarm=resources.alarm)
        uow.on_commit.append(resources.metrics.failures.inc)
