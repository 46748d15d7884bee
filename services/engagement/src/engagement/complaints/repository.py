from collections.abc import Collection
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from common.narrowing import narrowed

_INSERT = """
INSERT INTO complaint (id, member_id, topic, order_id, text, state, opened_at) VALUES ($1, $2, $3, $4, $5, 'open', $6)
RETURNING *
"""

_CLOSE = """
UPDATE complaint SET state = $2, closed_at = $3 WHERE id = $1 AND ($4::uuid IS NULL OR member_id = $4) AND state = 'open'
RETURNING *
"""

_LIST = """
SELECT * FROM complaint
WHERE id < $1 AND asked ORDER BY id DESC LIMIT $2
"""


async def insert(
    uow: UnitOfWork, *, complaint_id: UUID, member_id: UUID, topic: str, order_id: UUID | None, text: str
) -> Record | None:
    return await uow.fetchrow(_INSERT, complaint_id, member_id, topic, order_id, text, uow.now)


async def count_open(uow: UnitOfWork, member_id: UUID) -> int:
    return int(await uow.fetchval("SELECT count(*) FROM complaint WHERE member_id = $1 AND state = 'open'", member_id))


async def close(uow: UnitOfWork, complaint_id: UUID, *, outcome: str, member_id: UUID | None) -> Record | None:
    """`member_id` None: whoever's it is. None: there is no open one."""
    return await uow.fetchrow(_CLOSE, complaint_id, outcome, uow.now, member_id)


async def find(reader: Database | UnitOfWork, complaint_id: UUID, *, member_id: UUID | None) -> Record | None:
    """`member_id` None: whoever's it is."""
    return await reader.fetchrow(
        "SELECT * FROM complaint WHERE id = $1 AND ($2::uuid IS NULL OR member_id = $2)", complaint_id, member_id
    )


async def list_some(
    reader: Database,
    *,
    member_id: UUID | None,
    topic: str | None,
    state: str | None,
    before: UUID | None,
    limit: int,
) -> list[Record]:
    """Newest first."""
    where = {"member_id =": member_id, "topic =": topic, "state =": state}
    return await reader.fetch(*narrowed(_LIST, before or HIGHEST, limit, where=where))


async def empty_texts(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await uow.execute("UPDATE complaint SET text = '' WHERE member_id = ANY($1)", list(member_ids))
