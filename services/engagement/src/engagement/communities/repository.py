from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_SELECT = """
SELECT community.*, (SELECT count(*) FROM membership WHERE community_id = community.id AND left_at IS NULL) AS members
FROM community
"""

_JOIN = """
INSERT INTO membership (community_id, member_id, joined_at) SELECT id, $2, $3 FROM community WHERE id = $1 AND state = 'open'
ON CONFLICT (community_id, member_id) DO UPDATE SET joined_at = excluded.joined_at, left_at = NULL
WHERE membership.left_at IS NOT NULL
"""

_LEAVE = """
UPDATE membership SET left_at = greatest($3, joined_at) WHERE community_id = $1 AND member_id = $2 AND left_at IS NULL
"""

_MEMBERS = """
SELECT member_id, joined_at FROM membership
WHERE community_id = $1 AND left_at IS NULL AND member_id > $2 ORDER BY member_id LIMIT $3
"""


async def insert(uow: UnitOfWork, *, community_id: UUID, at: datetime, fields: Mapping[str, Any]) -> bool:
    """False: the code is taken."""
    inserted = await uow.execute(
        "INSERT INTO community (id, code, name, pickup_point_code, leader_id, state, created_at)"
        " VALUES ($1, $2, $3, $4, $5, 'open', $6) ON CONFLICT (code) DO NOTHING",
        community_id,
        fields["code"],
        fields["name"],
        fields["pickup_point_code"],
        fields["leader_id"],
        at,
    )
    return inserted == 1


async def find(reader: Database | UnitOfWork, community_id: UUID) -> Record | None:
    return await reader.fetchrow(f"{_SELECT} WHERE id = $1", community_id)


async def find_by_code(reader: Database | UnitOfWork, code: str) -> Record | None:
    return await reader.fetchrow(f"{_SELECT} WHERE code = $1", code)


async def list_all(
    reader: Database, *, code: str | None, pickup_point_code: str | None, after: UUID | None, limit: int
) -> list[Record]:
    return await reader.fetch(
        f"{_SELECT} WHERE ($1::text IS NULL OR code = $1) AND ($2::text IS NULL OR pickup_point_code = $2)"
        " AND id > $3 ORDER BY id LIMIT $4",
        code,
        pickup_point_code,
        after or LOWEST,
        limit,
    )


async def exists(reader: Database, community_id: UUID, *, leader_id: UUID | None) -> bool:
    """With a `leader_id`: and is led by them."""
    return bool(
        await reader.fetchval(
            "SELECT EXISTS (SELECT FROM community WHERE id = $1 AND ($2::uuid IS NULL OR leader_id = $2))",
            community_id,
            leader_id,
        )
    )


async def lock(uow: UnitOfWork, community_id: UUID) -> Record | None:
    return await uow.fetchrow("SELECT * FROM community WHERE id = $1 FOR NO KEY UPDATE", community_id)


async def update(uow: UnitOfWork, *, community_id: UUID, fields: Mapping[str, Any]) -> None:
    await uow.execute(
        "UPDATE community SET name = $2, pickup_point_code = $3, leader_id = $4, state = $5 WHERE id = $1",
        community_id,
        *(fields[name] for name in ("name", "pickup_point_code", "leader_id", "state")),
    )


async def list_of_member(reader: Database, *, member_id: UUID, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch(
        "SELECT id, code, name, pickup_point_code, state, joined_at FROM membership JOIN community ON id = community_id"
        " WHERE member_id = $1 AND left_at IS NULL AND id > $2 ORDER BY id LIMIT $3",
        member_id,
        after or LOWEST,
        limit,
    )


async def join(uow: UnitOfWork, *, community_id: UUID, member_id: UUID, at: datetime) -> bool:
    """False: they are in it already, or it is not open."""
    return await uow.execute(_JOIN, community_id, member_id, at) == 1


async def is_member(uow: UnitOfWork, *, community_id: UUID, member_id: UUID) -> bool:
    return bool(
        await uow.fetchval(
            "SELECT EXISTS (SELECT FROM membership WHERE community_id = $1 AND member_id = $2 AND left_at IS NULL)",
            community_id,
            member_id,
        )
    )


async def leave(uow: UnitOfWork, *, community_id: UUID, member_id: UUID, at: datetime) -> bool:
    """False: they are not in it."""
    return await uow.execute(_LEAVE, community_id, member_id, at) == 1


async def list_members(reader: Database, *, community_id: UUID, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch(_MEMBERS, community_id, after or LOWEST, limit)


async def known(uow: UnitOfWork, community_ids: Collection[UUID]) -> set[UUID]:
    rows = await uow.fetch("SELECT id FROM community WHERE id = ANY($1)", list(community_ids))
    return {row["id"] for row in rows}
