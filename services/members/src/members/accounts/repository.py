from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_SELECT = """
SELECT member.id, channel, referrer_id, registered_at,
       array(SELECT role FROM member_role WHERE member_id = member.id ORDER BY role) AS roles
FROM member WHERE member.id = $1 AND erased_at IS NULL
"""


async def insert_member(
    uow: UnitOfWork, *, member_id: UUID, channel: str, referrer_id: UUID | None, registered_at: datetime
) -> None:
    await uow.execute(
        "INSERT INTO member (id, channel, referrer_id, registered_at) VALUES ($1, $2, $3, $4)",
        member_id,
        channel,
        referrer_id,
        registered_at,
    )


async def find_member(reader: Database | UnitOfWork, member_id: UUID) -> Record | None:
    return await reader.fetchrow(_SELECT, member_id)


async def member_exists(uow: UnitOfWork, member_id: UUID) -> bool:
    return bool(await uow.fetchval("SELECT EXISTS (SELECT FROM member WHERE id = $1 AND erased_at IS NULL)", member_id))


async def hold_members(uow: UnitOfWork, member_ids: Collection[UUID]) -> set[UUID]:
    """Those that there are. Until the unit of work ends nobody erases them or changes their consents."""
    rows = await uow.fetch(
        "SELECT id FROM member WHERE id = ANY($1) AND erased_at IS NULL ORDER BY id FOR SHARE", list(member_ids)
    )
    return {row["id"] for row in rows}


async def lock_member(uow: UnitOfWork, member_id: UUID) -> bool:
    """False: there is no such member."""
    row = await uow.fetchrow("SELECT FROM member WHERE id = $1 AND erased_at IS NULL FOR NO KEY UPDATE", member_id)
    return row is not None


async def erase(uow: UnitOfWork, member_id: UUID) -> bool:
    """Take everything from the member by which they are found or let in. False: there is no such member."""
    erased = await uow.execute(
        "UPDATE member SET erased_at = $2 WHERE id = $1 AND erased_at IS NULL", member_id, uow.now
    )
    await uow.execute("DELETE FROM identity WHERE member_id = $1", member_id)
    await uow.execute("DELETE FROM member_role WHERE member_id = $1", member_id)
    return erased == 1


async def lock_identity(uow: UnitOfWork, subject_hash: bytes) -> None:
    """One at a time registers an identity, until its unit of work ends; the others then find the member."""
    key = int.from_bytes(subject_hash[:8], signed=True)
    await uow.execute("SELECT pg_advisory_xact_lock($1)", key)


async def find_identity(reader: Database | UnitOfWork, *, provider: str, subject_hash: bytes) -> UUID | None:
    found: UUID | None = await reader.fetchval(
        "SELECT member_id FROM identity WHERE provider = $1 AND subject_hash = $2", provider, subject_hash
    )
    return found


async def insert_identity(
    uow: UnitOfWork, *, provider: str, subject_hash: bytes, member_id: UUID, linked_at: datetime
) -> bool:
    """False: somebody has it already."""
    inserted = await uow.execute(
        "INSERT INTO identity (provider, subject_hash, member_id, linked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        provider,
        subject_hash,
        member_id,
        linked_at,
    )
    return inserted == 1


async def insert_role(uow: UnitOfWork, *, member_id: UUID, role: str, granted_at: datetime) -> bool:
    """False: they have it already."""
    inserted = await uow.execute(
        "INSERT INTO member_role (member_id, role, granted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        member_id,
        role,
        granted_at,
    )
    return inserted == 1


async def delete_role(uow: UnitOfWork, *, member_id: UUID, role: str) -> bool:
    """False: they did not have it."""
    return await uow.execute("DELETE FROM member_role WHERE member_id = $1 AND role = $2", member_id, role) == 1


async def insert_role_change(
    uow: UnitOfWork, *, change_id: UUID, member_id: UUID, role: str, change: str, actor: str, at: datetime
) -> None:
    await uow.execute(
        "INSERT INTO role_change (id, member_id, role, change, actor, at) VALUES ($1, $2, $3, $4, $5, $6)",
        change_id,
        member_id,
        role,
        change,
        actor,
        at,
    )
