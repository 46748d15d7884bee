"""The one armed timer of a member: due no later than their next change, and harmless when it is early.

A batch writes it only when it moves earlier, so that most events leave it alone, or when an outcome was heard, so that
nobody is woken for a silence that has ended; whoever wakes a member arms it anew. All of it can be made again from the
members' rows.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from common.bus.dead_letters import lock_lanes
from common.bus.lanes import LANES
from common.db import Database, UnitOfWork
from lifecycle.timers import repository

EVERY_LANE = range(LANES)
LARGEST = 5_000
"""Members that one transaction arms."""


class Alarm:
    """When, at the latest, this process has to look for members who are due: known without asking the database."""

    def __init__(self) -> None:
        self._at: datetime | None = datetime.min.replace(tzinfo=UTC)

    def rings(self, moment: datetime) -> bool:
        return self._at is not None and self._at <= moment

    def hear(self, due_at: datetime) -> None:
        """A timer was armed."""
        if self._at is None or due_at < self._at:
            self._at = due_at

    def forget(self) -> None:
        """Nothing is armed, until it is heard of."""
        self._at = None


async def set_alarm(db: Database, alarm: Alarm) -> None:
    """Look when the first timer is due. What is armed meanwhile is heard as well."""
    alarm.forget()
    due_at = await next_due(db)
    if due_at is not None:
        alarm.hear(due_at)


async def arm(uow: UnitOfWork, timers: Sequence[tuple[UUID, int, datetime]], *, alarm: Alarm) -> None:
    """Arm or move earlier, never later: (member, lane, due)."""
    if timers:
        await repository.arm(uow, timers)
        _ring(uow, alarm, min(due_at for _, _, due_at in timers))


async def rearm(uow: UnitOfWork, due: Mapping[UUID, datetime | None], *, alarm: Alarm) -> None:
    """Set timers that are there, earlier or later; None: nothing is due any more."""
    moved = [(member_id, due_at) for member_id, due_at in due.items() if due_at is not None]
    ended = [member_id for member_id, due_at in due.items() if due_at is None]
    if moved:
        await repository.rearm(uow, moved)
        _ring(uow, alarm, min(due_at for _, due_at in moved))
    if ended:
        await repository.disarm(uow, ended)


async def arm_all(db: Database, *, alarm: Alarm) -> int:
    """Arm every member as their row says, where the timer is missing or later; how many were.

    What is read may be old by the time it is written: then a timer is early, which is harmless.
    """
    armed, last = 0, None
    while found := await repository.unarmed(db, after=last, limit=LARGEST):
        async with db.transaction() as uow:
            await lock_lanes(uow, uow.service)
            await arm(uow, found, alarm=alarm)
        armed += len(found)
        last = found[-1][0]
    return armed


async def find_due(reader: Database | UnitOfWork, *, until: datetime, limit: int) -> list[UUID]:
    return await repository.find_due(reader, lanes=EVERY_LANE, until=until, limit=limit)


async def next_due(reader: Database | UnitOfWork, lanes: Collection[int] = EVERY_LANE) -> datetime | None:
    """When the first timer is due."""
    return await repository.next_due(reader, lanes)


def _ring(uow: UnitOfWork, alarm: Alarm, due_at: datetime) -> None:
    uow.on_commit.append(lambda: alarm.hear(due_at))
