from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_INSERT = """
INSERT INTO enrolment (enrolment_id, rule, stage, health, segment, per_minute, members, state, operator_id, note, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'proposed', $8, $9, $10) RETURNING *
"""

_COUNT = """
SELECT count(*) FROM member
WHERE stage IS NOT NULL AND ($1::text IS NULL OR stage = $1) AND ($2::text IS NULL OR health = $2)
    AND ($3::text IS NULL OR EXISTS (
        SELECT FROM segment_member AS inside WHERE inside.segment = $3 AND inside.member_id = member.member_id))
"""

_CONFIRM = """
UPDATE enrolment SET state = 'running', confirmed_at = $2, confirmed_by = $3
WHERE enrolment_id = $1 AND state = 'proposed' RETURNING *
"""

_STOP = """
UPDATE enrolment SET state = 'stopped', confirmed_at = coalesce(confirmed_at, $2), stopped_at = $2, stopped_by = $3
WHERE enrolment_id = $1 AND state IN ('proposed', 'running') RETURNING *
"""

_FINISH = "UPDATE enrolment SET state = 'finished' WHERE enrolment_id = $1 AND state = 'running'"

_LIST = "SELECT * FROM enrolment WHERE $1::bigint = 0 OR number < $1 ORDER BY number DESC LIMIT $2"


async def count(reader: Database | UnitOfWork, *, stage: str | None, health: str | None, segment: str | None) -> int:
    """How many members stand so."""
    members: int = await reader.fetchval(_COUNT, stage, health, segment)
    return members


async def insert(
    uow: UnitOfWork,
    enrolment_id: UUID,
    *,
    rule: str,
    stage: str | None,
    health: str | None,
    segment: str | None,
    per_minute: int,
    members: int,
    operator_id: UUID | None,
    note: str,
) -> Record | None:
    return await uow.fetchrow(
        _INSERT, enrolment_id, rule, stage, health, segment, per_minute, members, operator_id, note, uow.now
    )


async def find(reader: Database | UnitOfWork, enrolment_id: UUID) -> Record | None:
    rows = await reader.fetch("SELECT * FROM enrolment WHERE enrolment_id = $1", enrolment_id)
    return rows[0] if rows else None


async def confirm(uow: UnitOfWork, enrolment_id: UUID, *, operator_id: UUID | None) -> Record | None:
    """None: it was not merely proposed."""
    return await uow.fetchrow(_CONFIRM, enrolment_id, uow.now, operator_id)


async def stop(uow: UnitOfWork, enrolment_id: UUID, *, operator_id: UUID | None) -> Record | None:
    """None: it has ended already."""
    return await uow.fetchrow(_STOP, enrolment_id, uow.now, operator_id)


async def finish(uow: UnitOfWork, enrolment_id: UUID) -> None:
    await uow.execute(_FINISH, enrolment_id)


async def list_enrolments(reader: Database, *, before: int, limit: int) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_LIST, before, limit)
