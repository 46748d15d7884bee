from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST
from common.narrowing import narrowed
from engagement.tasks.domain import NewTask

_INSERT = """
INSERT INTO task (id, member_id, team, due_at, action_id, rule, note, state, opened_at)
SELECT *, 'open', $8 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[])
"""

_TAKE = "UPDATE task SET state = 'taken', taken_by = $2 WHERE id = $1 AND state = 'open'"

_RELEASE = "UPDATE task SET state = 'open', taken_by = NULL WHERE id = $1 AND state = 'taken'"

_CLOSE = """
UPDATE task SET state = $2, note = coalesce($3, note), closed_at = $4
WHERE id = $1 AND (state = 'open' OR state = 'taken' AND taken_by = $5) RETURNING *
"""

_WITHDRAW = """
UPDATE task SET state = 'withdrawn', closed_at = $2 WHERE action_id = ANY($1) AND state IN ('open', 'taken') RETURNING *
"""

_LIST = """
SELECT * FROM task
WHERE id > $1 AND asked ORDER BY id LIMIT $2
"""

_OVERDUE = """
SELECT code AS team, (SELECT count(*) FROM task WHERE team = code AND closed_at IS NULL AND due_at < $1) AS tasks FROM team
"""


async def insert(uow: UnitOfWork, tasks: Sequence[NewTask]) -> None:
    if tasks:
        await uow.execute(_INSERT, *(list(column) for column in zip(*tasks, strict=True)), uow.now)


async def find(reader: Database | UnitOfWork, task_id: UUID) -> Record | None:
    return await reader.fetchrow("SELECT * FROM task WHERE id = $1", task_id)


async def find_by_actions(uow: UnitOfWork, actions: Collection[UUID]) -> dict[UUID, Record]:
    rows = await uow.fetch("SELECT * FROM task WHERE action_id = ANY($1)", list(actions))
    return {row["action_id"]: row for row in rows}


async def take(uow: UnitOfWork, task_id: UUID, *, taker: UUID) -> bool:
    """False: it is not open."""
    return await uow.execute(_TAKE, task_id, taker) == 1


async def release(uow: UnitOfWork, task_id: UUID) -> bool:
    """False: nobody had it."""
    return await uow.execute(_RELEASE, task_id) == 1


async def close(uow: UnitOfWork, task_id: UUID, *, outcome: str, note: str | None, closer: UUID) -> Record | None:
    """The task, closed; None: it is closed already, or somebody else has it."""
    return await uow.fetchrow(_CLOSE, task_id, outcome, note, uow.now, closer)


async def withdraw(uow: UnitOfWork, actions: Collection[UUID]) -> list[Record]:
    """Those that were still open."""
    return await uow.fetch(_WITHDRAW, list(actions), uow.now)


async def list_some(
    reader: Database,
    *,
    team: str | None,
    state: str | None,
    member_id: UUID | None,
    due_before: datetime | None,
    unclosed: bool,
    after: UUID | None,
    limit: int,
) -> list[Record]:
    """Oldest first."""
    where = {
        "team =": team,
        "state =": state,
        "member_id =": member_id,
        "due_at <": due_before,
        "(closed_at IS NULL) =": unclosed or None,
    }
    return await reader.fetch(*narrowed(_LIST, after or LOWEST, limit, where=where))


async def count_overdue(reader: Database, *, now: datetime) -> dict[str, int]:
    """For every team."""
    return {row["team"]: row["tasks"] for row in await reader.fetch(_OVERDUE, now)}


async def empty_notes(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await uow.execute("UPDATE task SET note = '' WHERE member_id = ANY($1)", list(member_ids))
