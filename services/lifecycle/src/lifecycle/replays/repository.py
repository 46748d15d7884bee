from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST

# One at a time: the unique index on running ones decides between two who ask.
_INSERT = """
INSERT INTO replay (replay_id, state, asked, is_draft, first, last, member_id, entries, of, operator_id, asked_at, beat_at)
VALUES ($1, 'running', $2, $3, ($2::jsonb->>'first')::date, ($2::jsonb->>'last')::date, $4, 0, $5, $6, $7, $7)
ON CONFLICT (state) WHERE state = 'running' DO NOTHING
RETURNING *
"""

_GIVE_UP = """
UPDATE replay SET state = 'failed', finished_at = $1, error = $3 WHERE state = 'running' AND beat_at < $2
"""

_BEAT = "UPDATE replay SET beat_at = $2, entries = $3 WHERE replay_id = $1 AND state = 'running'"

_FINISH = """
UPDATE replay SET state = CASE state WHEN 'running' THEN $2 ELSE state END, finished_at = $3, entries = $4, report = $5,
    error = $6
WHERE replay_id = $1 AND state IN ('running', 'cancelled') AND report IS NULL
"""

_CANCEL = """
UPDATE replay SET state = 'cancelled', finished_at = $2, cancelled_by = $3 WHERE replay_id = $1 AND state = 'running'
"""

_LIST = """
SELECT replay_id, state, is_draft, first, last, member_id, entries, of, operator_id, asked_at, finished_at, cancelled_by, error
FROM replay
WHERE replay_id < $1 ORDER BY replay_id DESC LIMIT $2
"""


async def insert(
    uow: UnitOfWork,
    *,
    replay_id: UUID,
    asked: dict[str, Any],
    is_draft: bool,
    member_id: UUID | None,
    of: int,
    operator_id: UUID,
    at: datetime,
) -> Record | None:
    """None: another one runs."""
    return await uow.fetchrow(_INSERT, replay_id, asked, is_draft, member_id, of, operator_id, at)


async def give_up(uow: UnitOfWork, *, at: datetime, silent_since: datetime, error: str) -> None:
    """Whoever ran it is gone."""
    await uow.execute(_GIVE_UP, at, silent_since, error)


async def beat(uow: UnitOfWork, replay_id: UUID, *, at: datetime, entries: int) -> bool:
    """False: it is to end."""
    return bool(await uow.execute(_BEAT, replay_id, at, entries))


async def finish(
    uow: UnitOfWork, replay_id: UUID, *, state: str, at: datetime, entries: int, report: Any, error: str | None
) -> None:
    await uow.execute(_FINISH, replay_id, state, at, entries, report, error)


async def cancel(uow: UnitOfWork, replay_id: UUID, *, at: datetime, operator_id: UUID) -> None:
    await uow.execute(_CANCEL, replay_id, at, operator_id)


async def find(reader: Database | UnitOfWork, replay_id: UUID) -> Record | None:
    return await reader.fetchrow("SELECT * FROM replay WHERE replay_id = $1", replay_id)


async def list_replays(reader: Database, *, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_LIST, before or HIGHEST, limit)
