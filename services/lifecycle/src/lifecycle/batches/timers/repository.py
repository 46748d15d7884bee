from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.db import Database, UnitOfWork
from common.ids import LOWEST

_ARM = """
INSERT INTO member_timer AS timer (member_id, lane, due_at)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[])
ON CONFLICT (member_id) DO UPDATE SET due_at = excluded.due_at WHERE timer.due_at > excluded.due_at
"""

_UNARMED = """
SELECT member.member_id, member.lane, member.due_at
FROM member LEFT JOIN member_timer AS timer ON timer.member_id = member.member_id
WHERE member.due_at IS NOT NULL AND (timer.due_at IS NULL OR timer.due_at > member.due_at)
    AND member.member_id > $1
ORDER BY member.member_id LIMIT $2
"""

_DUE = """
SELECT member_id, lane FROM member_timer WHERE lane = ANY($1) AND due_at <= $2 ORDER BY due_at, member_id LIMIT $3
"""

# Whoever had nothing before them has no timer: another version of the policy may bring them something.
_SET = """
INSERT INTO member_timer (member_id, lane, due_at) SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[])
ON CONFLICT (member_id) DO UPDATE SET due_at = excluded.due_at
"""

# One look at each lane's first timer, whatever the number of timers.
_NEXT = """
SELECT lane.lane, first.due_at FROM unnest($1::smallint[]) AS lane
CROSS JOIN LATERAL (SELECT due_at FROM member_timer WHERE lane = lane.lane ORDER BY due_at LIMIT 1) AS first
"""


async def arm(uow: UnitOfWork, timers: Sequence[tuple[UUID, int, datetime]]) -> None:
    members, lanes, due = zip(*timers, strict=True)
    await uow.execute(_ARM, list(members), list(lanes), list(due))


async def unarmed(reader: Database, *, after: UUID | None, limit: int) -> list[tuple[UUID, int, datetime]]:
    """Those who would be woken too late or never: (member, lane, due), in the order of their ids."""
    rows = await reader.fetch(_UNARMED, after or LOWEST, limit)
    return [(row["member_id"], row["lane"], row["due_at"]) for row in rows]


async def find_due(
    reader: Database | UnitOfWork, *, lanes: Collection[int], until: datetime, limit: int
) -> dict[UUID, int]:
    """With their lanes, the longest due first."""
    return {row["member_id"]: row["lane"] for row in await reader.fetch(_DUE, list(lanes), until, limit)}


async def rearm(uow: UnitOfWork, timers: Sequence[tuple[UUID, int, datetime]]) -> None:
    members, lanes, due = zip(*timers, strict=True)
    await uow.execute(_SET, list(members), list(lanes), list(due))


async def disarm(uow: UnitOfWork, members: Collection[UUID]) -> None:
    await uow.execute("DELETE FROM member_timer WHERE member_id = ANY($1)", list(members))


async def next_due(reader: Database | UnitOfWork, lanes: Collection[int]) -> dict[int, datetime]:
    """When the first timer of each lane is due, where there is one."""
    return {row["lane"]: row["due_at"] for row in await reader.fetch(_NEXT, list(lanes))}
