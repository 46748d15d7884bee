"""The one armed timer of a member: due no later than their next change, and harmless when it is early.

A batch writes it only when it moves earlier, so that most events leave it alone, or when an outcome was heard, so that
nobody is woken for a silence that has ended; whoever wakes a member arms it anew. All of it can be made again from the
members' rows.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from common.bus.locks import EVERY_LANE, lock_lanes
from common.db import Database, UnitOfWork
from lifecycle.batches.timers import repository

LARGEST = 5_000
"""Members that one transaction arms."""
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


class Alarm:
    """When, at the latest, this process has to look for members of a lane who are due: known without asking the database.

    It hears of every lane, and is asked for those that this process has.
    """

    def __init__(self) -> None:
        self._at: dict[int, datetime] = dict.fromkeys(EVERY_LANE, _AT_ONCE)

    def rings(self, lane: int, moment: datetime) -> bool:
        due_at = self._at.get(lane)
        return due_at is not None and due_at <= moment

    def hear(self, lane: int, due_at: datetime) -> None:
        """A timer was armed."""
        self._at[lane] = min(due_at, self._at.get(lane, due_at))

    def forget(self, lanes: Collection[int]) -> None:
        """Nothing is armed in them, until it is heard of."""
        for lane in lanes:
            self._at.pop(lane, None)


async def set_alarm(db: Database, alarm: Alarm, lanes: Collection[int]) -> None:
    """Look when the first timers of these lanes are due. What is armed meanwhile is heard as well."""
    alarm.forget(lanes)
    for lane, due_at in (await repository.next_due(db, lanes)).items():
        alarm.hear(lane, due_at)


async def arm(uow: UnitOfWork, timers: Sequence[tuple[UUID, int, datetime]], *, alarm: Alarm) -> None:
    """Arm or move earlier, never later: (member, lane, due)."""
    if timers:
        await repository.arm(uow, timers)
        _ring(uow, alarm, [(lane, due_at) for _, lane, due_at in timers])


async def rearm(uow: UnitOfWork, timers: Sequence[tuple[UUID, int, datetime | None]], *, alarm: Alarm) -> None:
    """Set timers, earlier or later: (member, lane, due); None: nothing is due any more."""
    moved = [(member_id, lane, due_at) for member_id, lane, due_at in timers if due_at is not None]
    ended = [member_id for member_id, _, due_at in timers if due_at is None]
    if moved:
        await repository.rearm(uow, moved)
        _ring(uow, alarm, [(lane, due_at) for _, lane, due_at in moved])
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


async def find_due(
    reader: Database | UnitOfWork, *, lanes: Collection[int], until: datetime, limit: int
) -> dict[UUID, int]:
    """With their lanes, the longest due first."""
    return await repository.find_due(reader, lanes=lanes, until=until, limit=limit)


async def next_due(reader: Database | UnitOfWork) -> datetime | None:
    """When the first timer of all is due."""
    return min((await repository.next_due(reader, EVERY_LANE)).values(), default=None)


def _ring(uow: UnitOfWork, alarm: Alarm, armed: Sequence[tuple[int, datetime]]) -> None:
    def hear() -> None:
        for lane, due_at in armed:
            alarm.hear(lane, due_at)

    uow.on_commit.append(hear)
