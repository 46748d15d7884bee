from collections.abc import Mapping

from common.connection import Record
from common.db import Database, UnitOfWork

# Not ON CONFLICT: a row that is proposed must keep the constraint that its sum keeps.
_MOVE = """
WITH moved AS (
    SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[]) AS moved (lane, stage, health, members)
), updated AS (
    UPDATE standing_count AS counted SET members = counted.members + moved.members FROM moved
    WHERE (counted.lane, counted.stage, counted.health) = (moved.lane, moved.stage, moved.health)
    RETURNING counted.lane, counted.stage, counted.health
)
INSERT INTO standing_count (lane, stage, health, members)
SELECT lane, stage, health, members FROM moved
WHERE (lane, stage, health) NOT IN (SELECT lane, stage, health FROM updated)
"""

_ALL = """
SELECT stage, health, sum(members)::bigint AS members FROM standing_count GROUP BY stage, health
HAVING sum(members) > 0 ORDER BY stage, health
"""


async def move(uow: UnitOfWork, moves: Mapping[tuple[int, str, str], int]) -> None:
    """(lane, stage, health) → how many more members."""
    await uow.execute(
        _MOVE,
        [lane for lane, _, _ in moves],
        [stage for _, stage, _ in moves],
        [health for _, _, health in moves],
        list(moves.values()),
    )


async def counts(reader: Database) -> list[Record]:
    return await reader.fetch(_ALL)
