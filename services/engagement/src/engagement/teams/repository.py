from collections.abc import Collection
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_INSERT = """
INSERT INTO team (id, code, name, state, created_at) VALUES ($1, $2, $3, 'active', $4) ON CONFLICT (code) DO NOTHING
"""


async def insert(uow: UnitOfWork, *, team_id: UUID, code: str, name: str) -> bool:
    """False: the code is taken."""
    return await uow.execute(_INSERT, team_id, code, name, uow.now) == 1


async def find(reader: Database | UnitOfWork, code: str) -> Record | None:
    return await reader.fetchrow("SELECT * FROM team WHERE code = $1", code)


async def update(uow: UnitOfWork, *, code: str, name: str | None, state: str | None) -> bool:
    """None: it stays as it is. False: there is no such team."""
    updated = await uow.execute(
        "UPDATE team SET name = coalesce($2, name), state = coalesce($3, state) WHERE code = $1", code, name, state
    )
    return updated == 1


async def list_all(reader: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch("SELECT * FROM team WHERE id > $1 ORDER BY id LIMIT $2", after or LOWEST, limit)


async def find_active(uow: UnitOfWork, codes: Collection[str]) -> set[str]:
    rows = await uow.fetch("SELECT code FROM team WHERE code = ANY($1) AND state = 'active'", list(codes))
    return {row["code"] for row in rows}
