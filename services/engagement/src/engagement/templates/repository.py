from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork

_INSERT = """
INSERT INTO message_template (id, code, text_zh, text_en, placeholders, state, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, 'active', $6, $6) ON CONFLICT (code) DO NOTHING
"""


async def insert(uow: UnitOfWork, *, template_id: UUID, at: datetime, fields: Mapping[str, Any]) -> bool:
    """False: the code is taken."""
    names = ("code", "text_zh", "text_en", "placeholders")
    return await uow.execute(_INSERT, template_id, *(fields[name] for name in names), at) == 1


async def find_active(uow: UnitOfWork, codes: Collection[str]) -> list[Record]:
    return await uow.fetch("SELECT * FROM message_template WHERE code = ANY($1) AND state = 'active'", list(codes))
