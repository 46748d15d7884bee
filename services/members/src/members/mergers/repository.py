from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

# Who is whom spans several rows: one at a time changes it.
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('huitou.members.merger'))"

_ACCOUNTS = """
SELECT member.id, member.registered_at, merger.root_id
FROM member LEFT JOIN merger ON merger.member_id = member.id
WHERE member.id = ANY($1) AND erased_at IS NULL ORDER BY member.id FOR NO KEY UPDATE OF member
"""

_MERGE = """
INSERT INTO merger (member_id, registered_at, root_id, root_registered_at, changed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (member_id) DO UPDATE
SET root_id = excluded.root_id, root_registered_at = excluded.root_registered_at,
    changed_at = greatest(excluded.changed_at, merger.changed_at + interval '1 microsecond')
WHERE merger.root_id IS NULL
RETURNING member_id, root_id, changed_at
"""

_PART = """
WITH known AS (SELECT member_id, root_id FROM merger WHERE root_id IS NOT NULL AND (member_id = $1 OR ($3 AND root_id = $1)))
UPDATE merger
SET root_id = NULL, root_registered_at = NULL,
    changed_at = greatest($2, merger.changed_at + interval '1 microsecond')
FROM known WHERE merger.member_id = known.member_id
RETURNING merger.member_id, known.root_id AS left_id, merger.root_id, merger.changed_at
"""

_NOTE = "INSERT INTO merger_change (id, member_id, root_id, change, actor_id, at) VALUES ($1, $2, $3, $4, $5, $6)"

_ROOT = """
WITH RECURSIVE line AS (
    SELECT id, 0 AS n FROM member WHERE id = $1 AND erased_at IS NULL
    UNION ALL SELECT merger.root_id, n + 1 FROM line JOIN merger ON merger.member_id = line.id WHERE root_id IS NOT NULL
)
SELECT id FROM line ORDER BY n DESC LIMIT 1
"""

_BELOW = """
WITH RECURSIVE below AS (
    SELECT member_id, root_id, changed_at FROM merger WHERE root_id = $1
    UNION SELECT merger.member_id, merger.root_id, merger.changed_at
    FROM below JOIN merger ON merger.root_id = below.member_id
)
SELECT * FROM below ORDER BY member_id LIMIT $2
"""


async def take_alone(uow: UnitOfWork) -> None:
    """Wait for the others who change who is whom, and keep them out until the unit of work ends."""
    await uow.execute(_ALONE)


async def lock_accounts(uow: UnitOfWork, *members: UUID) -> dict[UUID, Record]:
    """Those that there are, (id, registered_at, root_id), until the unit of work ends."""
    return {row["id"]: row for row in await uow.fetch(_ACCOUNTS, list(members))}


async def merge(
    uow: UnitOfWork, *, member_id: UUID, registered_at: datetime, root_id: UUID, root_registered_at: datetime
) -> Record | None:
    """None: it is another's already."""
    return await uow.fetchrow(_MERGE, member_id, registered_at, root_id, root_registered_at, uow.now)


async def part(uow: UnitOfWork, member_id: UUID, *, others: bool) -> list[Record]:
    """The account, and with `others` those that were merged into it; each with whose it was."""
    return await uow.fetch(_PART, member_id, uow.now, others)


async def note(
    uow: UnitOfWork, change_id: UUID, *, member_id: UUID, root_id: UUID, change: str, actor_id: UUID, at: datetime
) -> None:
    await uow.execute(_NOTE, change_id, member_id, root_id, change, actor_id, at)


async def root_of(reader: Database, member_id: UUID) -> UUID | None:
    """None: there is no such member."""
    found: UUID | None = await reader.fetchval(_ROOT, member_id)
    return found


async def below(reader: Database, root_id: UUID, *, limit: int) -> list[Record]:
    return await reader.fetch(_BELOW, root_id, limit)
