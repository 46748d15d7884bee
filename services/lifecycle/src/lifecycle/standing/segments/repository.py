from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_ENTER = """
INSERT INTO segment_member (segment, member_id, since) SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[])
ON CONFLICT (segment, member_id) DO UPDATE SET since = excluded.since
"""

_LEAVE = """
DELETE FROM segment_member AS gone USING unnest($1::text[], $2::uuid[]) AS left_ (segment, member_id)
WHERE (gone.segment, gone.member_id) = (left_.segment, left_.member_id)
"""

_MEMBERS = """
SELECT member_id, since FROM segment_member
WHERE segment = $1 AND member_id > $2 ORDER BY member_id LIMIT $3
"""

_COUNTS = "SELECT segment, sum(members)::bigint AS members FROM segment_count GROUP BY segment"


async def enter(uow: UnitOfWork, entered: Sequence[tuple[str, UUID, datetime]]) -> None:
    segments, members, since = zip(*entered, strict=True)
    await uow.execute(_ENTER, list(segments), list(members), list(since))


async def leave(uow: UnitOfWork, left: Sequence[tuple[str, UUID]]) -> None:
    segments, members = zip(*left, strict=True)
    await uow.execute(_LEAVE, list(segments), list(members))


async def list_members(reader: Database, segment: str, *, after: UUID | None, limit: int) -> list[Record]:
    """In the order of their ids."""
    return await reader.fetch(_MEMBERS, segment, after or LOWEST, limit)


async def counts(reader: Database) -> dict[str, int]:
    return {row["segment"]: row["members"] for row in await reader.fetch(_COUNTS)}
