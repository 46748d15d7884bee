from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork

_CLAIM = """
INSERT INTO reward (action_id, member_id, kind, settled_at)
SELECT action_id, member_id, kind, $4 FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS asked (action_id, member_id, kind)
ORDER BY action_id
ON CONFLICT DO NOTHING RETURNING action_id
"""

_SETTLE = """
UPDATE reward SET outcome = settled.outcome, reason = settled.reason, coupon_id = settled.coupon_id,
    entry_id = settled.entry_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[])
    AS settled (action_id, outcome, reason, coupon_id, entry_id)
WHERE reward.action_id = settled.action_id AND reward.outcome IS NULL
"""

_BURY = """
INSERT INTO reward (action_id, member_id, kind, outcome, reason, settled_at)
SELECT action_id, member_id, kind, 'refused', 'withdrawn', $4
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS withdrawn (action_id, member_id, kind)
ORDER BY action_id
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an action: a coupon, an entry, or a reason why not."""

    action_id: UUID
    reason: str | None = None
    coupon_id: UUID | None = None
    entry_id: UUID | None = None


async def claim(uow: UnitOfWork, asked: Sequence[tuple[UUID, UUID, str]]) -> set[UUID]:
    """Take the actions that nobody took before: (action, member, kind). Waits for whoever is taking one right now."""
    return {row["action_id"] for row in await uow.fetch(_CLAIM, *_columns(asked), uow.now)}


async def settle(uow: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    await uow.execute(
        _SETTLE,
        [outcome.action_id for outcome in outcomes],
        ["refused" if outcome.reason else "granted" for outcome in outcomes],
        [outcome.reason for outcome in outcomes],
        [outcome.coupon_id for outcome in outcomes],
        [outcome.entry_id for outcome in outcomes],
    )


async def find(uow: UnitOfWork, actions: Collection[UUID]) -> dict[UUID, Record]:
    rows = await uow.fetch("SELECT * FROM reward WHERE action_id = ANY($1)", list(actions))
    return {row["action_id"]: row for row in rows}


async def bury(uow: UnitOfWork, withdrawn: Sequence[tuple[UUID, UUID, str]]) -> dict[UUID, Record]:
    """Refuse those that nobody took before: (action, member, kind). What became of each, the caller's until they end."""
    await uow.execute(_BURY, *_columns(withdrawn), uow.now)
    rows = await uow.fetch(
        "SELECT * FROM reward WHERE action_id = ANY($1) ORDER BY action_id FOR NO KEY UPDATE",
        [action_id for action_id, _, _ in withdrawn],
    )
    return {row["action_id"]: row for row in rows}


def _columns(rows: Sequence[tuple[UUID, UUID, str]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
