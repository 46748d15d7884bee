from collections.abc import Collection
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_INSERT = """
INSERT INTO webhook_endpoint (id, code, url, state, secret_number, rotated_at, created_at)
VALUES ($1, $2, $3, 'active', 1, $4, $4) ON CONFLICT (code) DO NOTHING
"""

_UPDATE = "UPDATE webhook_endpoint SET url = coalesce($2, url), state = coalesce($3, state) WHERE code = $1"

_ROTATE = "UPDATE webhook_endpoint SET secret_number = secret_number + 1, rotated_at = $2 WHERE code = $1"


async def insert(uow: UnitOfWork, *, endpoint_id: UUID, code: str, url: str) -> bool:
    """False: the code is taken."""
    return await uow.execute(_INSERT, endpoint_id, code, url, uow.now) == 1


async def update(uow: UnitOfWork, *, code: str, url: str | None, state: str | None) -> None:
    """None: it stays as it is."""
    await uow.execute(_UPDATE, code, url, state)


async def rotate(uow: UnitOfWork, code: str) -> None:
    await uow.execute(_ROTATE, code, uow.now)


async def find(reader: Database | UnitOfWork, code: str) -> Record | None:
    return await reader.fetchrow("SELECT * FROM webhook_endpoint WHERE code = $1", code)


async def find_active(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Record]:
    rows = await uow.fetch("SELECT * FROM webhook_endpoint WHERE code = ANY($1) AND state = 'active'", list(codes))
    return {row["code"]: row for row in rows}


async def list_all(reader: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch(
        "SELECT * FROM webhook_endpoint WHERE id > $1 ORDER BY id LIMIT $2", after or LOWEST, limit
    )
