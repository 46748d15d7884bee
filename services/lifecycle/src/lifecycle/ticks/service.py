"""Time passes for members: no further than every producer's events have been read, and in the lanes' order of locks."""

from collections.abc import Mapping
from datetime import datetime
from time import monotonic

from common.bus.dead_letters import lock_lanes
from common.db import Database
from common.runtime import Runtime
from lifecycle.batches import service as batches
from lifecycle.clocks import service as clocks
from lifecycle.clocks.domain import watermark
from lifecycle.resources import Resources
from lifecycle.timers import service as timers

LARGEST = 500
"""Members that one transaction wakes."""
LOOK_SECONDS = 1.0
"""How often the timers are looked at although this process knows of none that is due: others may have armed one."""
LONGEST_SECONDS = 0.25
"""How long events may have to wait while members are woken."""


async def tick(db: Database, *, up_to: datetime) -> int:
    """State that everything appended by `up_to` has been read, and wake those who are due by then; how many."""
    async with db.transaction() as uow:
        await lock_lanes(uow, uow.service)
        await clocks.turn(uow, timers.EVERY_LANE, watermark=up_to)
        due = await timers.find_due(uow, until=up_to, limit=LARGEST)
        if due:
            await batches.wake(uow, due)
    return len(due)


class Ticks:
    """Told after each pass of the consumer how complete its view of each producer is."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._producers = runtime.service.handlers.producers
        self._looked_at = float("-inf")

    async def __call__(self, complete_to: Mapping[str, datetime | None]) -> None:
        known = {producer: moment for producer, moment in complete_to.items() if moment is not None}
        up_to = watermark(self._producers, known)
        resources: Resources = self._runtime.resources
        if up_to is None or not self._is_time(resources.alarm, up_to):
            return
        started = monotonic()
        resources.alarm.set(None)
        try:
            while await tick(self._runtime.db, up_to=up_to) == LARGEST:
                if monotonic() - started > LONGEST_SECONDS:
                    break
        finally:
            due = await timers.next_due(self._runtime.db)
            if due is not None:
                resources.alarm.hear(due)
        self._looked_at = monotonic()

    def _is_time(self, alarm: timers.Alarm, up_to: datetime) -> bool:
        return (alarm.at is not None and alarm.at <= up_to) or monotonic() - self._looked_at >= LOOK_SECONDS
