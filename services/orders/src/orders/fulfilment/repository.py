from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork
from orders.holdings.domain import COUPON_FREED, disarm, free_coupon, move_goods, whole_lines

# Before it is paid, and not while a payment may still come of it; or confirmed with nothing to pay. `confirmed_at` tells which it was.
_CANCEL = f"""
WITH cancelled AS (
    UPDATE orders SET status = 'cancelled', cancelled_at = $5, voided_at = CASE WHEN confirmed_at IS NOT NULL THEN $5 END
    WHERE id = $1 AND ($2::uuid IS NULL OR member_id = $2) AND (
        status = 'pending_payment' AND open_payment_id IS NULL AND ($4 <> 'timeout' OR pay_deadline <= $5)
        OR status = 'confirmed' AND payable_minor = 0 AND $4 <> 'timeout'
    )
    RETURNING *
), {
    move_goods(
        campaign="(SELECT campaign_id FROM cancelled)",
        lines=whole_lines(
            "cancelled",
            reserved="CASE WHEN EXISTS (SELECT FROM cancelled WHERE confirmed_at IS NULL) THEN -quantity ELSE 0 END",
            sold="CASE WHEN EXISTS (SELECT FROM cancelled WHERE confirmed_at IS NULL) THEN 0 ELSE -quantity END",
        ),
    )
}, {free_coupon("cancelled", now="$5")}, logged AS (
    INSERT INTO order_transition (order_id, from_status, to_status, actor, reason, at)
    SELECT id, CASE WHEN confirmed_at IS NULL THEN 'pending_payment' ELSE 'confirmed' END, 'cancelled', $3, $4, $5
    FROM cancelled
), {disarm("cancelled", kind="pay_deadline")}
SELECT cancelled.id AS order_id, cancelled.member_id, cancelled.currency, cancelled.payable_minor, cancelled.confirmed_at,
       coupon.id AS coupon_id, coupon.status AS coupon_status, coupon.expires_at AS coupon_expires_at
FROM cancelled LEFT JOIN {COUPON_FREED} AS coupon ON true
"""  # noqa: S608 - pieces of our own SQL

_FIND = """
SELECT orders.status, orders.pay_deadline, payment.id AS payment_id, payment.provider
FROM orders LEFT JOIN payment ON payment.id = orders.open_payment_id
WHERE orders.id = $1 AND ($2::uuid IS NULL OR orders.member_id = $2)
"""

# `member_id` of the clerk is null for an operator, who may hand over everywhere.
_HAND_OVER = """
WITH handed_over AS (
    UPDATE orders SET status = 'picked_up', picked_up_at = $5
    WHERE pickup_code = $1 AND pickup_point_id = $2 AND status = 'confirmed' AND open_refunds = 0
      AND ($3::uuid IS NULL OR EXISTS (SELECT FROM pickup_clerk WHERE point_id = $2 AND member_id = $3))
    RETURNING id, member_id
), logged AS (
    INSERT INTO order_transition (order_id, from_status, to_status, actor, reason, at)
    SELECT id, 'confirmed', 'picked_up', $4, 'picked_up', $5 FROM handed_over
)
SELECT id, member_id FROM handed_over
"""

_FIND_CODE = """
SELECT status, open_refunds FROM orders
WHERE pickup_code = $1 AND pickup_point_id = $2
  AND ($3::uuid IS NULL OR EXISTS (SELECT FROM pickup_clerk WHERE point_id = $2 AND member_id = $3))
"""


async def cancel(
    uow: UnitOfWork, order_id: UUID, *, member_id: UUID | None, actor: UUID | None, reason: str
) -> Record | None:
    """None: it could not be cancelled now."""
    return await uow.fetchrow(_CANCEL, order_id, member_id, actor, reason, uow.now)


async def find(uow: UnitOfWork, order_id: UUID, *, member_id: UUID | None) -> Record | None:
    """Its status and its open payment."""
    return await uow.fetchrow(_FIND, order_id, member_id)


async def hand_over(uow: UnitOfWork, *, code: str, point_id: UUID, clerk_id: UUID | None, actor: UUID) -> Record | None:
    """None: nothing under this code can be handed over here now."""
    return await uow.fetchrow(_HAND_OVER, code, point_id, clerk_id, actor, uow.now)


async def find_code(uow: UnitOfWork, *, code: str, point_id: UUID, clerk_id: UUID | None) -> Record | None:
    return await uow.fetchrow(_FIND_CODE, code, point_id, clerk_id)
