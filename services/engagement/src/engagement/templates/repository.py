from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_INSERT = """
INSERT INTO message_template (id, code, text_zh, text_en, placeholders, state, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, 'active', $6, $6) ON CONFLICT (code) DO NOTHING
"""

_UPDATE = """
UPDATE message_template SET text_zh = $2, text_en = $3, placeholders = $4, state = $5, updated_at = $6 WHERE code = $1
"""


async def insert(uow: UnitOfWork, *, template_id: UUID, at: datetime, fields: Mapping[str, Any]) -> bool:
    """False: the code is taken."""
    names = ("code", "text_zh", "text_en", "placeholders")
    return await uow.execute(_INSERT, template_id, *(fields[name] for name in names), at) == 1


async def update(uow: UnitOfWork, *, code: str, at: datetime, fields: Mapping[str, Any]) -> None:
    await uow.execute(_UPDATE, code, *(fields[name] for name in ("text_zh", "text_en", "placeholders", "state")), at)


async def find(reader: Database | UnitOfWork, code: str) -> Record | None:
    return await reader.fetchrow("SELECT * FROM message_template WHERE code = $1", code)


async def lock(uow: UnitOfWork, code: str) -> Record | None:
    return await uow.fetchrow("SELECT * FROM message_template WHERE code = $1 FOR NO KEY UPDATE", code)


async def list_all(reader: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch(
        "SELECT * FROM message_template WHERE id > $1 ORDER BY id LIMIT $2", after or LOWEST, limit
    )


async def find_active(uow: UnitOfWork, codes: Collection[str]) -> list[Record]:
    return await uow.fetch("SELECT * FROM message_template WHERE code = ANY($1) AND state = 'active'", list(codes))
