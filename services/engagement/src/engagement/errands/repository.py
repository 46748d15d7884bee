from collections.abc import Collection, Sequence
from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork
from engagement.errands.domain import Outcome

_CLAIM = """
INSERT INTO errand (action_id, member_id, kind, settled_at)
SELECT action_id, member_id, kind, $4 FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS asked (action_id, member_id, kind)
ORDER BY action_id
ON CONFLICT DO NOTHING RETURNING action_id
"""

_SETTLE = """
UPDATE errand SET outcome = settled.outcome, reason = settled.reason, message_id = settled.message_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS settled (action_id, outcome, reason, message_id)
WHERE errand.action_id = settled.action_id AND errand.outcome IS NULL
"""

_BURY = """
INSERT INTO errand (action_id, member_id, kind, outcome, reason, settled_at)
SELECT action_id, member_id, kind, 'refused', 'withdrawn', $4
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS withdrawn (action_id, member_id, kind)
ORDER BY action_id
ON CONFLICT DO NOTHING
"""

Asked = tuple[UUID, UUID, str]
"""Action, member, kind."""


async def claim(uow: UnitOfWork, asked: Sequence[Asked]) -> set[UUID]:
    """Take the actions that nobody took before. Waits for whoever is taking one right now."""
    return {row["action_id"] for row in await uow.fetch(_CLAIM, *_columns(asked), uow.now)}


async def settle(uow: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    await uow.execute(
        _SETTLE,
        [outcome.action_id for outcome in outcomes],
        [outcome.name for outcome in outcomes],
        [outcome.reason for outcome in outcomes],
        [outcome.message_id for outcome in outcomes],
    )


async def find(uow: UnitOfWork, actions: Collection[UUID]) -> dict[UUID, Record]:
    rows = await uow.fetch("SELECT * FROM errand WHERE action_id = ANY($1)", list(actions))
    return {row["action_id"]: row for row in rows}


async def bury(uow: UnitOfWork, withdrawn: Sequence[Asked]) -> list[Record]:
    """Refuse those that nobody took before. What became of each, the caller's until they end."""
    await uow.execute(_BURY, *_columns(withdrawn), uow.now)
    return await uow.fetch(
        "SELECT * FROM errand WHERE action_id = ANY($1) ORDER BY action_id FOR NO KEY UPDATE",
        [action_id for action_id, _, _ in withdrawn],
    )


def _columns(rows: Sequence[Asked]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
