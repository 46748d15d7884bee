from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork

_BEGIN = """
INSERT INTO withdrawal (action_id, coupon_id, asked_at)
SELECT action_id, coupon_id, $3 FROM unnest($1::uuid[], $2::uuid[]) AS granted (action_id, coupon_id) ORDER BY action_id
ON CONFLICT DO NOTHING RETURNING action_id
"""

_SETTLE = """
UPDATE withdrawal SET outcome = CASE WHEN settled.reason IS NULL THEN 'withdrawn' ELSE 'retained' END,
    reason = settled.reason, settled_at = $3
FROM unnest($1::uuid[], $2::text[]) AS settled (action_id, reason)
WHERE withdrawal.action_id = settled.action_id AND withdrawal.outcome IS NULL
RETURNING withdrawal.action_id
"""

_FIND = """
SELECT withdrawal.*, member_id, kind FROM withdrawal JOIN reward USING (action_id) WHERE action_id = ANY($1)
"""

_OF_COUPONS = "SELECT coupon_id, action_id FROM withdrawal WHERE coupon_id = ANY($1)"


async def begin(uow: UnitOfWork, granted: Sequence[Record]) -> set[UUID]:
    """Those of the rewards that nobody wanted back before."""
    rows = await uow.fetch(
        _BEGIN, [row["action_id"] for row in granted], [row["coupon_id"] for row in granted], uow.now
    )
    return {row["action_id"] for row in rows}


async def settle(uow: UnitOfWork, outcomes: Mapping[UUID, str | None]) -> set[UUID]:
    """Action → why the reward stays, None: it is taken back. Those that were not settled before."""
    rows = await uow.fetch(_SETTLE, list(outcomes), list(outcomes.values()), uow.now)
    return {row["action_id"] for row in rows}


async def find(uow: UnitOfWork, actions: Collection[UUID]) -> dict[UUID, Record]:
    """With the member and the kind of the reward."""
    return {row["action_id"]: row for row in await uow.fetch(_FIND, list(actions))}


async def find_by_coupons(uow: UnitOfWork, coupons: Collection[UUID]) -> dict[UUID, UUID]:
    """Coupon → action, for those that are wanted back."""
    return {row["coupon_id"]: row["action_id"] for row in await uow.fetch(_OF_COUPONS, list(coupons))}
