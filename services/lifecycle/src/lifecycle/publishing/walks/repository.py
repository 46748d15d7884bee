from collections.abc import Collection
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_BEGIN = """
INSERT INTO walk (what_for, kind, lane, last_id, members, found, started_at)
SELECT $1, $2, unnest($3::smallint[]), NULL, 0, '{}', $4
ON CONFLICT (what_for, kind, lane) DO UPDATE
SET last_id = NULL, members = 0, found = '{}', started_at = excluded.started_at, finished_at = NULL
"""

_ADVANCE = """
UPDATE walk SET last_id = coalesce($5, last_id), members = members + $6, found = $7, finished_at = $8
WHERE (what_for, kind, lane) = ($1, $2, $3) AND last_id IS NOT DISTINCT FROM $4 AND finished_at IS NULL
"""

_END = "UPDATE walk SET finished_at = $2 WHERE what_for = $1 AND finished_at IS NULL"

_UNFINISHED = "SELECT * FROM walk WHERE finished_at IS NULL AND lane = ANY($1) ORDER BY kind, what_for, lane"

_MEMBERS = """
SELECT member_id, state FROM member WHERE lane = $1 AND stage IS NOT NULL AND member_id > $2 ORDER BY member_id LIMIT $3
"""


async def begin(uow: UnitOfWork, what_for: str, kind: str, lanes: Collection[int]) -> None:
    await uow.execute(_BEGIN, what_for, kind, list(lanes), uow.now)


async def advance(
    uow: UnitOfWork,
    place: tuple[str, str, int],
    *,
    after: UUID | None,
    last_id: UUID | None,
    members: int,
    found: dict[str, Any],
    is_finished: bool,
) -> bool:
    """`place`: what for, kind, lane. False: it does not stand after that member any more."""
    ended_at = uow.now if is_finished else None
    return await uow.execute(_ADVANCE, *place, after, last_id, members, found, ended_at) > 0


async def end(uow: UnitOfWork, what_for: str) -> None:
    await uow.execute(_END, what_for, uow.now)


async def unfinished(reader: Database | UnitOfWork, lanes: Collection[int]) -> list[Record]:
    """The back-fills first, then the enrolments, the impacts, the sweeps."""
    return await reader.fetch(_UNFINISHED, list(lanes))


async def made_for(reader: Database | UnitOfWork, what_for: str) -> list[Record]:
    return await reader.fetch("SELECT * FROM walk WHERE what_for = $1 ORDER BY kind, lane", what_for)


async def members_of(reader: Database | UnitOfWork, lane: int, *, after: UUID | None, limit: int) -> list[Record]:
    """(member_id, state) of those who stand somewhere, in the order of their ids."""
    return await reader.fetch(_MEMBERS, lane, after or LOWEST, limit)
