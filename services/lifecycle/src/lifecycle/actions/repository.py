from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_INSERT = """
INSERT INTO action (action_id, member_id, rule, key, attempt, kind, detail, at, valid_until, state, asks, requested_at)
SELECT action_id, member_id, rule, key, attempt, kind, detail::jsonb, at, valid_until, 'requested', 1, $10
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[],
            $9::timestamptz[])
    AS asked (action_id, member_id, rule, key, attempt, kind, detail, at, valid_until)
"""

# A final state stays: what comes late changes nothing.
_SETTLE = """
WITH open AS (
    SELECT action.action_id, action.state FROM action
    WHERE action_id = ANY($1) AND state IN ('requested', 'unknown') ORDER BY action_id FOR UPDATE
)
UPDATE action SET state = settled.state, reason = settled.reason, settled_at = $4
FROM open, unnest($1::uuid[], $5::uuid[], $2::text[], $3::text[]) AS settled (action_id, member_id, state, reason)
WHERE action.action_id = open.action_id AND settled.action_id = open.action_id AND settled.member_id = action.member_id
RETURNING action.member_id, action.rule, action.kind, open.state AS previous, action.state
"""

_ASK_AGAIN = """
WITH open AS (
    SELECT action.action_id, action.state FROM action
    WHERE action_id = ANY($1) AND state IN ('requested', 'unknown') ORDER BY action_id FOR UPDATE
)
UPDATE action SET state = 'unknown', asks = asks + 1 FROM open WHERE action.action_id = open.action_id
RETURNING action.member_id, action.rule, action.kind, open.state AS previous, action.state
"""

# Not ON CONFLICT: a row that is proposed must keep the constraint that its sum keeps.
_COUNT_UP = """
WITH moved AS (
    SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[])
        AS moved (lane, rule, kind, state, actions)
), updated AS (
    UPDATE action_count AS counted SET actions = counted.actions + moved.actions FROM moved
    WHERE (counted.lane, counted.rule, counted.kind, counted.state) = (moved.lane, moved.rule, moved.kind, moved.state)
    RETURNING counted.lane, counted.rule, counted.kind, counted.state
)
INSERT INTO action_count (lane, rule, kind, state, actions)
SELECT lane, rule, kind, state, actions FROM moved
WHERE (lane, rule, kind, state) NOT IN (SELECT lane, rule, kind, state FROM updated)
"""

_LIST = """
SELECT * FROM action
WHERE ($1::uuid IS NULL OR member_id = $1) AND ($2::text IS NULL OR rule = $2) AND ($3::text IS NULL OR state = $3)
    AND ($4::timestamptz IS NULL OR requested_at >= $4) AND ($5::timestamptz IS NULL OR requested_at < $5)
    AND ($6::bigint = 0 OR number < $6)
ORDER BY number DESC LIMIT $7
"""

_UNTIL = """
SELECT * FROM action WHERE member_id = $1 AND ($2::timestamptz IS NULL OR (requested_at, number) < ($2, $3))
ORDER BY requested_at DESC, number DESC LIMIT $4
"""

_COUNTS = """
SELECT rule, kind, state, sum(actions)::bigint AS actions FROM action_count GROUP BY rule, kind, state
HAVING sum(actions) > 0 ORDER BY rule, kind, state
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """An action as it is first asked for."""

    action_id: UUID
    member_id: UUID
    rule: str
    key: str
    attempt: int
    kind: str
    detail: str
    """JSON."""
    at: datetime
    valid_until: datetime


async def insert(uow: UnitOfWork, asked: Sequence[Asked], *, at: datetime) -> None:
    await uow.execute(
        _INSERT,
        [each.action_id for each in asked],
        [each.member_id for each in asked],
        [each.rule for each in asked],
        [each.key for each in asked],
        [each.attempt for each in asked],
        [each.kind for each in asked],
        [each.detail for each in asked],
        [each.at for each in asked],
        [each.valid_until for each in asked],
        at,
    )


async def settle(
    uow: UnitOfWork, settled: Sequence[tuple[UUID, UUID, str, str | None]], *, at: datetime
) -> list[Record]:
    """(action, member, state, reason), each action once; what changed, with the state before."""
    actions, members, states, reasons = zip(*settled, strict=True)
    return await uow.fetch(_SETTLE, list(actions), list(states), list(reasons), at, list(members))


async def ask_again(uow: UnitOfWork, actions: Collection[UUID]) -> list[Record]:
    """What changed, with the state before."""
    return await uow.fetch(_ASK_AGAIN, list(actions))


async def count_up(uow: UnitOfWork, moves: Mapping[tuple[int, str, str, str], int]) -> None:
    """(lane, rule, kind, state) → how many more actions."""
    lanes, rules, kinds, states = zip(*moves, strict=True)
    await uow.execute(_COUNT_UP, list(lanes), list(rules), list(kinds), list(states), list(moves.values()))


async def list_actions(
    reader: Database,
    *,
    member_id: UUID | None,
    rule: str | None,
    state: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int,
    limit: int,
) -> list[Record]:
    """Newest first; `before` 0: from the newest on."""
    return await reader.fetch(_LIST, member_id, rule, state, since, until, before, limit)


async def counts(reader: Database) -> list[Record]:
    return await reader.fetch(_COUNTS)


async def until(reader: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """The latest first."""
    return await reader.fetch(_UNTIL, member_id, moment, before, limit)
