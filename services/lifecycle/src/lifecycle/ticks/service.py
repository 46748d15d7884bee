"""Time passes for members: no further than every producer's events have been read, in the lanes' order of locks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog

from common.bus.dead_letters import lock_lanes
from common.bus.poison import is_poison
from common.db import Database
from common.runtime import Runtime
from lifecycle.batches import service as batches
from lifecycle.clocks import service as clocks
from lifecycle.clocks.domain import watermark
from lifecycle.resources import Resources
from lifecycle.timers import service as timers

log = structlog.get_logger(__name__)

LARGEST = 500
"""Members that one transaction wakes."""
LOOK_SECONDS = 1.0
"""How often the timers are looked at although this process knows of none that is due: others may have armed one."""
LONGEST_SECONDS = 0.25
"""How long events may have to wait while members are woken."""
PUT_OFF = timedelta(hours=1)


async def tick(db: Database, *, up_to: datetime) -> int:
    """State that everything appended by `up_to` has been read, and wake those who are due by then; how many."""
    try:
        return len(await _wake(db, up_to=up_to))
    except Exception as error:
        if not is_poison(error):
            raise
    return await _wake_apart(db, up_to=up_to)


class Ticks:
    """Told after each pass of the consumer how complete its view of each producer is."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._producers = runtime.service.handlers.producers
        self._looked_at = float("-inf")
        self._reached = runtime.clock.now()
        resources: Resources = runtime.resources
        resources.metrics.watch_watermark(self._age_seconds)

    async def __call__(self, complete_to: Mapping[str, datetime | None]) -> bool:
        """True: there was more to do than fits in one go."""
        known = {producer: moment for producer, moment in complete_to.items() if moment is not None}
        up_to = watermark(self._producers, known)
        if up_to is None:
            return False
        self._reached = up_to
        resources: Resources = self._runtime.resources
        if not resources.alarm.rings(up_to) and monotonic() - self._looked_at < LOOK_SECONDS:
            return False
        more = await self._wake_all(up_to)
        self._looked_at = float("-inf") if more else monotonic()
        return more

    def _age_seconds(self) -> float:
        return (self._runtime.clock.now() - self._reached).total_seconds()

    async def _wake_all(self, up_to: datetime) -> bool:
        db, resources = self._runtime.db, self._runtime.resources
        started = monotonic()
        while await tick(db, up_to=up_to) == LARGEST:
            if monotonic() - started > LONGEST_SECONDS:
                return True
        await timers.set_alarm(db, resources.alarm)
        return False


async def _wake(db: Database, *, up_to: datetime, only: Sequence[UUID] | None = None) -> Sequence[UUID]:
    async with db.transaction() as uow:
        await lock_lanes(uow, uow.service)
        await clocks.turn(uow, timers.EVERY_LANE, watermark=up_to)
        due = await timers.find_due(uow, until=up_to, limit=LARGEST) if only is None else only
        if due:
            await batches.wake(uow, due)
    return due


async def _wake_apart(db: Database, *, up_to: datetime) -> int:
    """Each member alone, because one of them cannot be moved: that one is put off, the others go on."""
    due = await timers.find_due(db, until=up_to, limit=LARGEST)
    for member_id in due:
        try:
            await _wake(db, up_to=up_to, only=[member_id])
        except Exception as error:
            if not is_poison(error):
                raise
            log.exception("member not woken", member_id=str(member_id))
            await _put_off(db, member_id, until=up_to + PUT_OFF)
    return len(due)


async def _put_off(db: Database, member_id: UUID, *, until: datetime) -> None:
    async with db.transaction() as uow:
        resources: Resources = uow.resources
        await lock_lanes(uow, uow.service)
        await timers.rearm(uow, {member_id: until}, alarm=resources.alarm)
        uow.on_commit.append(resources.metrics.failures.inc)
