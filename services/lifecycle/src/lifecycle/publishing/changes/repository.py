from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_INSERT = """
INSERT INTO policy_change (revision, at, kind, version, rule, effective_at, operator_id, note)
SELECT coalesce(max(revision), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM policy_change RETURNING revision
"""

_UP_TO = """
SELECT revision, kind, version, rule, effective_at FROM policy_change WHERE $1::bigint IS NULL OR revision <= $1
ORDER BY revision
"""

_LIST = """
SELECT * FROM policy_change WHERE $1::bigint = 0 OR revision < $1 ORDER BY revision DESC LIMIT $2
"""


async def insert(
    uow: UnitOfWork,
    *,
    kind: str,
    version: int | None,
    rule: str | None,
    effective_at: datetime | None,
    operator_id: UUID | None,
    note: str,
) -> int:
    """Its revision. Whoever calls has the lanes: nothing is taken in meanwhile."""
    revision: int = await uow.fetchval(_INSERT, uow.now, kind, version, rule, effective_at, operator_id, note)
    return revision


async def up_to(reader: Database | UnitOfWork, revision: int | None) -> list[Record]:
    """In their order; None: all."""
    return await reader.fetch(_UP_TO, revision)


async def list_changes(reader: Database, *, before: int, limit: int) -> list[Record]:
    """Newest first; `before` 0: from the newest on."""
    return await reader.fetch(_LIST, before, limit)
