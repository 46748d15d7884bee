from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_POINT = "id, code, name, address, active"


async def insert_point(
    uow: UnitOfWork, *, point_id: UUID, code: str, name: str, address: str, created_at: datetime
) -> None:
    await uow.execute(
        "INSERT INTO pickup_point (id, code, name, address, active, created_at) VALUES ($1, $2, $3, $4, true, $5)",
        point_id,
        code,
        name,
        address,
        created_at,
    )


async def update_point(
    uow: UnitOfWork, point_id: UUID, *, name: str | None, address: str | None, active: bool | None
) -> Record | None:
    return await uow.fetchrow(
        "UPDATE pickup_point SET name = coalesce($2, name), address = coalesce($3, address),"  # noqa: S608 - a constant
        f" active = coalesce($4, active) WHERE id = $1 RETURNING {_POINT}",
        point_id,
        name,
        address,
        active,
    )


async def find_point(reader: Database | UnitOfWork, point_id: UUID) -> Record | None:
    return await reader.fetchrow(f"SELECT {_POINT} FROM pickup_point WHERE id = $1", point_id)  # noqa: S608 - a constant


async def list_points(
    db: Database, *, after: UUID | None, limit: int, code: str | None, active: bool | None
) -> list[Record]:
    return await db.fetch(
        f"SELECT {_POINT} FROM pickup_point WHERE id > $1"  # noqa: S608 - a constant
        " AND ($3::text IS NULL OR code = $3) AND ($4::bool IS NULL OR active = $4) ORDER BY id LIMIT $2",
        after or LOWEST,
        limit,
        code,
        active,
    )


async def insert_clerk(uow: UnitOfWork, *, point_id: UUID, member_id: UUID, assigned_at: datetime) -> None:
    """Harmless when they are a clerk of the point already."""
    await uow.execute(
        "INSERT INTO pickup_clerk (point_id, member_id, assigned_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        point_id,
        member_id,
        assigned_at,
    )


async def delete_clerk(uow: UnitOfWork, *, point_id: UUID, member_id: UUID) -> bool:
    return (
        await uow.execute("DELETE FROM pickup_clerk WHERE point_id = $1 AND member_id = $2", point_id, member_id) == 1
    )


async def find_clerk(reader: Database | UnitOfWork, *, point_id: UUID, member_id: UUID) -> Record | None:
    return await reader.fetchrow(
        "SELECT point_id, member_id, assigned_at FROM pickup_clerk WHERE point_id = $1 AND member_id = $2",
        point_id,
        member_id,
    )


async def list_clerks(db: Database, point_id: UUID, *, after: UUID | None, limit: int) -> list[Record]:
    return await db.fetch(
        "SELECT point_id, member_id, assigned_at FROM pickup_clerk"
        " WHERE point_id = $1 AND member_id > $2 ORDER BY member_id LIMIT $3",
        point_id,
        after or LOWEST,
        limit,
    )


async def list_points_of(db: Database, member_id: UUID, *, after: UUID | None, limit: int) -> list[Record]:
    return await db.fetch(
        f"SELECT {_POINT} FROM pickup_point"  # noqa: S608 - a constant
        " WHERE id IN (SELECT point_id FROM pickup_clerk WHERE member_id = $1) AND id > $2"
        " ORDER BY id LIMIT $3",
        member_id,
        after or LOWEST,
        limit,
    )
