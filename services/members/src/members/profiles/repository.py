from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

MOST_FOUND = 20

_SELECT = """
SELECT member_key.sealed AS key, profile.sealed AS profile, profile.updated_at
FROM member_key LEFT JOIN profile USING (member_id) WHERE member_id = $1
"""

_SAVE = """
INSERT INTO profile (member_id, sealed, phone_hash, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (member_id) DO UPDATE SET sealed = excluded.sealed, phone_hash = excluded.phone_hash,
    updated_at = excluded.updated_at
"""


async def find(reader: Database | UnitOfWork, member_id: UUID) -> Record | None:
    """The sealed key and the sealed profile, which may be missing."""
    return await reader.fetchrow(_SELECT, member_id)


async def lock(uow: UnitOfWork, member_id: UUID, *, new_key: bytes) -> Record | None:
    """The same, with the profile the caller's until their unit of work ends; `new_key` is kept if there was none."""
    await uow.execute(
        "INSERT INTO member_key (member_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING", member_id, new_key
    )
    await uow.execute("SELECT FROM member_key WHERE member_id = $1 FOR UPDATE", member_id)
    return await find(uow, member_id)


async def save(uow: UnitOfWork, *, member_id: UUID, sealed: bytes, phone_hash: bytes | None, at: datetime) -> None:
    await uow.execute(_SAVE, member_id, sealed, phone_hash, at)


async def find_by_phone(reader: Database, phone_hash: bytes) -> list[UUID]:
    rows = await reader.fetch(
        "SELECT member_id FROM profile WHERE phone_hash = $1 ORDER BY member_id LIMIT $2", phone_hash, MOST_FOUND
    )
    return [row["member_id"] for row in rows]


async def delete(uow: UnitOfWork, member_id: UUID) -> None:
    await uow.execute("DELETE FROM profile WHERE member_id = $1", member_id)
    await uow.execute("DELETE FROM member_key WHERE member_id = $1", member_id)
