from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from common.db import UnitOfWork

# One at a time: who is whom is read and written by all lanes.
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('huitou.lifecycle.merger'))"

_SAVE = """
INSERT INTO merger AS known (member_id, lane, root_id, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (member_id) DO UPDATE SET root_id = excluded.root_id, changed_at = excluded.changed_at
WHERE known.changed_at <= excluded.changed_at
"""

_LINE = """
WITH RECURSIVE line AS (
    SELECT root_id FROM merger WHERE member_id = $1
    UNION SELECT merger.root_id FROM line JOIN merger ON merger.member_id = line.root_id
)
SELECT root_id FROM line WHERE root_id IS NOT NULL
"""


async def take_alone(uow: UnitOfWork) -> None:
    """Wait for the others who change who is whom, and keep them out until the unit of work ends."""
    await uow.execute(_ALONE)


async def save(uow: UnitOfWork, member_id: UUID, lane: int, root_id: UUID | None, changed_at: datetime) -> bool:
    """False: something later is known."""
    return await uow.execute(_SAVE, member_id, lane, root_id, changed_at) > 0


async def line_of(uow: UnitOfWork, member_id: UUID) -> set[UUID]:
    """Who they are, and who that is, and so on."""
    return {row["root_id"] for row in await uow.fetch(_LINE, member_id)}


async def forget(uow: UnitOfWork, members: Collection[UUID]) -> None:
    await uow.execute("DELETE FROM merger WHERE member_id = ANY($1)", list(members))
