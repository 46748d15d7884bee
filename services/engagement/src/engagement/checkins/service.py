from datetime import date
from uuid import UUID

from common.connection import Record
from common.contracts.engagement import CheckinRecorded
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.checkins import repository
from engagement.metrics import EngagementMetrics


async def check_in(uow: UnitOfWork, *, member_id: UUID, day: date) -> tuple[Record, bool]:
    """The member's check-in of the business day, and whether it is new. The streak's row decides between two at once."""
    streak = await repository.lengthen_streak(uow, member_id=member_id, day=day)
    if streak is None:
        row, new = await repository.find_latest(uow, member_id), False
    else:
        row, new = await _insert(uow, member_id=member_id, day=day, streak=streak), True
    if row is None:
        raise RuntimeError(f"member {member_id} has a streak and no check-in")
    return row, new


async def _insert(uow: UnitOfWork, *, member_id: UUID, day: date, streak: int) -> Record | None:
    metrics: EngagementMetrics = uow.resources.metrics
    uow.on_commit.append(metrics.checkins.inc)
    uow.append(CheckinRecorded(member_id=member_id, business_day=day, streak=streak))
    return await repository.insert(uow, checkin_id=new_id(), member_id=member_id, day=day, streak=streak, at=uow.now)


async def list_of_member(db: Database, member_id: UUID, *, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await repository.list_of_member(db, member_id=member_id, before=before, limit=limit)
