from collections.abc import Collection
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from members.consents.domain import Consent

_INSERT = """
INSERT INTO consent_entry (id, member_id, purpose, number, version, given, actor_id, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_LAST = "SELECT * FROM consent_entry WHERE member_id = $1 AND purpose = $2 ORDER BY number DESC LIMIT 1"

_CURRENT = """
SELECT DISTINCT ON (purpose) purpose, version, given, made_at AS changed_at FROM consent_entry WHERE member_id = $1
ORDER BY purpose, number DESC
"""

_GIVEN = """
SELECT wanted.member_id, wanted.purpose
FROM unnest($1::uuid[], $2::text[]) AS wanted (member_id, purpose)
CROSS JOIN LATERAL (
    SELECT given FROM consent_entry WHERE member_id = wanted.member_id AND purpose = wanted.purpose
    ORDER BY number DESC LIMIT 1
) AS last
WHERE given
"""

_ENTRIES = """
SELECT * FROM consent_entry WHERE member_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""


async def find_last(uow: UnitOfWork, *, member_id: UUID, purpose: str) -> Record | None:
    return await uow.fetchrow(_LAST, member_id, purpose)


async def insert(
    uow: UnitOfWork, *, entry_id: UUID, member_id: UUID, purpose: str, number: int, said: Consent, actor_id: UUID
) -> None:
    await uow.execute(_INSERT, entry_id, member_id, purpose, number, said.version, said.given, actor_id, uow.now)


async def find_given(uow: UnitOfWork, wanted: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    rows = await uow.fetch(_GIVEN, [member_id for member_id, _ in wanted], [purpose for _, purpose in wanted])
    return {(row["member_id"], row["purpose"]) for row in rows}


async def list_current(reader: Database, member_id: UUID) -> list[Record]:
    return await reader.fetch(_CURRENT, member_id)


async def list_entries(reader: Database, *, member_id: UUID, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_ENTRIES, member_id, before or HIGHEST, limit)
