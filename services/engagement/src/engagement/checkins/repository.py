from datetime import date, datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST

_LENGTHEN = """
INSERT INTO checkin_streak (member_id, last_day, streak) VALUES ($1, $2, 1)
ON CONFLICT (member_id) DO UPDATE SET last_day = excluded.last_day,
    streak = CASE WHEN checkin_streak.last_day = excluded.last_day - 1 THEN checkin_streak.streak + 1 ELSE 1 END
WHERE checkin_streak.last_day < excluded.last_day
RETURNING streak
"""

_INSERT = """
INSERT INTO checkin (id, member_id, business_day, streak, checked_in_at) VALUES ($1, $2, $3, $4, $5) RETURNING *
"""

_LATEST = "SELECT * FROM checkin WHERE member_id = $1 ORDER BY business_day DESC LIMIT 1"

_LIST = "SELECT * FROM checkin WHERE member_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"


async def lengthen_streak(uow: UnitOfWork, *, member_id: UUID, day: date) -> int | None:
    """The days in a row with this one; None: they have checked in on this day or a later one. Others wait until the end."""
    streak: int | None = await uow.fetchval(_LENGTHEN, member_id, day)
    return streak


async def insert(
    uow: UnitOfWork, *, checkin_id: UUID, member_id: UUID, day: date, streak: int, at: datetime
) -> Record | None:
    return await uow.fetchrow(_INSERT, checkin_id, member_id, day, streak, at)


async def find_latest(uow: UnitOfWork, member_id: UUID) -> Record | None:
    return await uow.fetchrow(_LATEST, member_id)


async def list_of_member(reader: Database, *, member_id: UUID, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_LIST, member_id, before or HIGHEST, limit)
