from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.standing.transitions.domain import Transition

_INSERT = """
INSERT INTO transition (member_id, dimension, previous, current, episode, at, cause, version, grounds)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::text[], $8::int[],
                     $9::jsonb[])
"""

_OF_MEMBER = """
SELECT * FROM transition WHERE member_id = $1 AND ($2::bigint = 0 OR number < $2) ORDER BY number DESC LIMIT $3
"""

_LATEST = """
SELECT DISTINCT ON (dimension) * FROM transition WHERE member_id = $1 ORDER BY dimension, number DESC
"""

_UNTIL = """
SELECT * FROM transition WHERE member_id = $1 AND ($2::timestamptz IS NULL OR (at, number) < ($2, $3))
ORDER BY at DESC, number DESC LIMIT $4
"""

# The periods' bounds are the business calendar's, not PostgreSQL's.
_COUNT = """
SELECT width_bucket(at, $1::timestamptz[]) - 1 AS period, dimension, previous, current, count(*) AS transitions
FROM transition WHERE at >= $2 AND at < $3
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3 NULLS FIRST, 4 NULLS FIRST
"""


async def insert(uow: UnitOfWork, transitions: Sequence[tuple[UUID, Transition]]) -> None:
    """In the order in which they happened."""
    await uow.execute(
        _INSERT,
        [member_id for member_id, _ in transitions],
        [each.dimension for _, each in transitions],
        [each.previous for _, each in transitions],
        [each.current for _, each in transitions],
        [each.episode for _, each in transitions],
        [each.at for _, each in transitions],
        [each.cause for _, each in transitions],
        [each.version for _, each in transitions],
        [each.values for _, each in transitions],
    )


async def forget(uow: UnitOfWork, members: Collection[UUID]) -> None:
    await uow.execute("UPDATE transition SET grounds = '{}' WHERE member_id = ANY($1)", list(members))


async def of_member(reader: Database, member_id: UUID, *, before: int, limit: int) -> list[Record]:
    """Newest first; `before` 0: from the newest on."""
    return await reader.fetch(_OF_MEMBER, member_id, before, limit)


async def latest(reader: Database, member_id: UUID) -> list[Record]:
    """One of each dimension."""
    return await reader.fetch(_LATEST, member_id)


async def until(reader: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """The latest first."""
    return await reader.fetch(_UNTIL, member_id, moment, before, limit)


async def count(reader: Database, bounds: Sequence[datetime]) -> list[Record]:
    """By period: the nth is from the nth bound to the next."""
    return await reader.fetch(_COUNT, list(bounds[:-1]), bounds[0], bounds[-1])
