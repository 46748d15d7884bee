from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.narrowing import narrowed

_INSERT = """
INSERT INTO action (action_id, member_id, rule, key, attempt, kind, detail, at, valid_until, state, asks, requested_at)
SELECT action_id, member_id, rule, key, attempt, kind, detail::jsonb, at, valid_until, 'requested', 1, requested_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[],
            $9::timestamptz[], $10::timestamptz[])
    AS asked (action_id, member_id, rule, key, attempt, kind, detail, at, valid_until, requested_at)
"""

# A final state stays: what comes late changes nothing.
_SETTLE = """
WITH open AS (
    SELECT action.action_id, action.state FROM action
    WHERE action_id = ANY($1) AND state IN ('requested', 'unknown', 'undoing') ORDER BY action_id FOR UPDATE
)
UPDATE action
SET state = CASE open.state WHEN 'undoing' THEN settled.answer ELSE settled.state END,
    reason = CASE open.state WHEN 'undoing' THEN settled.answer_reason ELSE settled.reason END, settled_at = settled.at
FROM open, unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                  $7::timestamptz[])
    AS settled (action_id, member_id, state, answer, reason, answer_reason, at)
WHERE action.action_id = open.action_id AND settled.action_id = open.action_id AND settled.member_id = action.member_id
    AND CASE open.state WHEN 'undoing' THEN settled.answer ELSE settled.state END IS NOT NULL
RETURNING action.member_id, action.rule, action.kind, open.state AS previous, action.state
"""

_WITHDRAW = """
WITH settled AS (
    SELECT action.action_id, action.state FROM action
    WHERE action_id = ANY($1) AND state IN ('requested', 'unknown', 'done') ORDER BY action_id FOR UPDATE
)
UPDATE action SET state = withdrawn.state, settled_at = withdrawn.at
FROM settled, unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS withdrawn (action_id, state, at)
WHERE action.action_id = settled.action_id AND withdrawn.action_id = settled.action_id
RETURNING action.member_id, action.rule, action.kind, settled.state AS previous, action.state
"""

_ASK_AGAIN = """
WITH open AS (
    SELECT action.action_id, action.state FROM action
    WHERE action_id = ANY($1) AND state IN ('requested', 'unknown') ORDER BY action_id FOR UPDATE
)
UPDATE action SET state = 'unknown', asks = asks + 1 FROM open WHERE action.action_id = open.action_id
RETURNING action.member_id, action.rule, action.kind, open.state AS previous, action.state
"""

_GIVE_UP = """
WITH open AS (
    SELECT action.action_id, action.state, gone.at
    FROM action JOIN unnest($1::uuid[], $2::timestamptz[]) AS gone (member_id, at) USING (member_id)
    WHERE state IN ('requested', 'unknown', 'undoing') ORDER BY action_id FOR UPDATE OF action
)
UPDATE action SET state = 'failed', reason = $3, settled_at = open.at FROM open WHERE action.action_id = open.action_id
RETURNING action.member_id, action.rule, action.kind, open.state AS previous, action.state
"""

_LIST = """
SELECT * FROM action
WHERE asked ORDER BY number DESC LIMIT $1
"""

_UNTIL = """
SELECT * FROM action WHERE member_id = $1 AND ($2::timestamptz IS NULL OR (requested_at, number) < ($2, $3))
ORDER BY requested_at DESC, number DESC LIMIT $4
"""

_LATEST = """
SELECT DISTINCT ON (rule, kind, detail) rule, kind, detail, reason
FROM unnest($1::text[]) AS asked (rule) CROSS JOIN LATERAL (
    SELECT number, kind, detail, reason FROM action WHERE action.rule = asked.rule AND settled_at IS NOT NULL
    ORDER BY number DESC LIMIT $2
) AS settled
ORDER BY rule, kind, detail, number DESC
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
    requested_at: datetime
    """By the gate clock of the lane."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was heard of an action."""

    action_id: UUID
    member_id: UUID
    at: datetime
    """By the gate clock of the lane."""
    state: str | None = None
    """Its end, if nobody asked for it to be taken back."""
    reason: str | None = None
    answer: str | None = None
    """Its end, if somebody did."""
    answer_reason: str | None = None


async def insert(uow: UnitOfWork, asked: Sequence[Asked]) -> None:
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
        [each.requested_at for each in asked],
    )


async def settle(uow: UnitOfWork, settled: Sequence[Settled]) -> list[Record]:
    """Each action once; what changed, with the state before."""
    return await uow.fetch(
        _SETTLE,
        [each.action_id for each in settled],
        [each.member_id for each in settled],
        [each.state for each in settled],
        [each.answer for each in settled],
        [each.reason for each in settled],
        [each.answer_reason for each in settled],
        [each.at for each in settled],
    )


async def withdraw(uow: UnitOfWork, withdrawn: Mapping[UUID, tuple[str, datetime]]) -> list[Record]:
    """What is asked to be taken back is `undoing`, or already `undone`, from its gate time on; what changed, with the state
    before.
    """
    states, moments = zip(*withdrawn.values(), strict=True)
    return await uow.fetch(_WITHDRAW, list(withdrawn), list(states), list(moments))


async def ask_again(uow: UnitOfWork, actions: Collection[UUID]) -> list[Record]:
    """What changed, with the state before."""
    return await uow.fetch(_ASK_AGAIN, list(actions))


async def give_up(uow: UnitOfWork, members: Mapping[UUID, datetime], *, reason: str) -> list[Record]:
    """What is open of these members, at that gate time; what changed, with the state before."""
    return await uow.fetch(_GIVE_UP, list(members), list(members.values()), reason)


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
    where = {
        "member_id =": member_id,
        "rule =": rule,
        "state =": state,
        "requested_at >=": since,
        "requested_at <": until,
        "number <": before or None,
    }
    return await reader.fetch(*narrowed(_LIST, limit, where=where))


async def latest(reader: Database, rules: Collection[str], *, of: int) -> list[Record]:
    """The latest of each kind and detail among the last `of` of each rule that have ended; `reason` None: it was done."""
    return await reader.fetch(_LATEST, list(rules), of)


async def counts(reader: Database) -> list[Record]:
    return await reader.fetch(_COUNTS)


async def until(reader: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """The latest first."""
    return await reader.fetch(_UNTIL, member_id, moment, before, limit)
