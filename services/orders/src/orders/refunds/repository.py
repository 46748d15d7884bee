from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from common.narrowing import narrowed
from orders.holdings.domain import COUPON_FREED, free_coupon, move_goods
from orders.refunds.domain import Claim

_LOCK = "SELECT status, currency, payment_id FROM orders WHERE id = $1 FOR UPDATE"

_INSERT = """
INSERT INTO refund (id, order_id, kind, reason_key, reason, provider, payment_id, transaction_id, amount_minor, currency,
    status, attempts, requested_by, requested_at, next_try_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'requested', 0, $11, $12, $12)
ON CONFLICT (order_id, reason_key) DO NOTHING
"""

# The CHECKs of order and lines hold the sums, whatever was computed.
_CLAIM = """
WITH claimed AS MATERIALIZED (
    SELECT * FROM unnest($2::uuid[], $3::int[], $4::bigint[]) AS claimed (line_id, quantity, amount_minor)
), lined AS (
    UPDATE order_line
    SET refunded_quantity = refunded_quantity + claimed.quantity, refunded_minor = refunded_minor + claimed.amount_minor
    FROM claimed WHERE order_id = $1 AND order_line.line_id = claimed.line_id
), noted AS (
    INSERT INTO refund_line (refund_id, line_id, quantity, amount_minor)
    SELECT $5, line_id, quantity, amount_minor FROM claimed
)
UPDATE orders
SET refunded_minor = refunded_minor + (SELECT sum(amount_minor)::bigint FROM claimed), open_refunds = open_refunds + 1
WHERE id = $1
"""

_LOCK_BY_REFUND = "SELECT id FROM orders WHERE id = (SELECT order_id FROM refund WHERE id = $1) FOR UPDATE"

# The last refund that leaves nothing of the payment ends the order: what of it nobody asked for goes back too. Goods that were
# handed over do not come back into stock by themselves.
_SUCCEED = f"""
WITH settled AS (
    UPDATE refund SET status = 'succeeded', settled_at = $2 WHERE id = $1 AND status <> 'succeeded'
    RETURNING id, order_id, kind, amount_minor, requested_by
), moved AS (
    UPDATE orders
    SET open_refunds = open_refunds - 1,
        status = CASE WHEN open_refunds = 1 AND refunded_minor = paid_minor THEN 'refunded' ELSE orders.status END,
        voided_at = CASE WHEN open_refunds = 1 AND refunded_minor = paid_minor THEN $2 END
    FROM settled WHERE orders.id = settled.order_id AND settled.kind = 'goods'
    RETURNING orders.*, settled.amount_minor AS refund_minor, settled.requested_by
), ended AS (
    SELECT * FROM moved WHERE status = 'refunded'
), {
    move_goods(
        campaign="(SELECT campaign_id FROM moved)",
        lines='''
        SELECT sku_id, 0 AS reserved, takes_stock, takes_cap,
               -(coalesce(claimed.quantity, 0) + CASE WHEN moved.status = 'refunded'
                                                      THEN line.quantity - line.refunded_quantity ELSE 0 END) AS sold
        FROM moved JOIN order_line AS line ON line.order_id = moved.id AND moved.picked_up_at IS NULL
        LEFT JOIN refund_line AS claimed ON claimed.refund_id = $1 AND claimed.line_id = line.line_id''',
    )
}, {free_coupon("ended", now="$2")}, swept AS (
    UPDATE order_line SET refunded_quantity = quantity WHERE order_id = (SELECT id FROM ended)
), logged AS (
    INSERT INTO order_transition (order_id, from_status, to_status, actor, reason, at)
    SELECT id, CASE WHEN picked_up_at IS NULL THEN 'confirmed' ELSE 'picked_up' END, 'refunded', requested_by, 'refunded', $2
    FROM ended
)
SELECT moved.id AS order_id, moved.member_id, moved.refund_minor, moved.currency, moved.status, moved.payable_minor,
       moved.confirmed_at, coupon.id AS coupon_id, coupon.status AS coupon_status, coupon.expires_at AS coupon_expires_at
FROM moved LEFT JOIN {COUPON_FREED} AS coupon ON true
"""  # noqa: S608 - pieces of our own SQL

_TAKE_DUE = """
UPDATE refund
SET attempts = attempts + 1, next_try_at = $1::timestamptz + least($4::interval * power(2, least(attempts, 20)), $5::interval)
WHERE id IN (
    SELECT id FROM refund WHERE status = 'requested' AND next_try_at <= $1 AND ($2::uuid[] IS NULL OR id = ANY($2))
    ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id, provider, payment_id, transaction_id, amount_minor, currency
"""

_VIEW = """
SELECT id, order_id, kind, reason, provider, amount_minor, currency, status, attempts, requested_by, requested_at, settled_at
FROM refund
"""


async def lock_order(uow: UnitOfWork, order_id: UUID) -> Record | None:
    return await uow.fetchrow(_LOCK, order_id)


async def find_payment(uow: UnitOfWork, payment_id: UUID) -> Record | None:
    """What paid an order that the caller has locked. Joined to the lock, it would be missing when it came meanwhile."""
    return await uow.fetchrow("SELECT provider, transaction_id FROM payment WHERE id = $1", payment_id)


async def list_refundable(uow: UnitOfWork, order_id: UUID) -> list[Record]:
    return await uow.fetch(
        "SELECT line_id, quantity, amount_minor - discount_minor AS net_minor, refunded_quantity, refunded_minor"
        " FROM order_line WHERE order_id = $1 ORDER BY line_id",
        order_id,
    )


async def insert(
    uow: UnitOfWork,
    *,
    refund_id: UUID,
    order_id: UUID,
    kind: str,
    reason_key: str,
    reason: str,
    provider: str,
    payment_id: UUID,
    transaction_id: str,
    amount_minor: int,
    currency: str,
    requested_by: UUID | None,
) -> bool:
    """False: there is one for this reason already."""
    inserted = await uow.execute(
        _INSERT,
        refund_id,
        order_id,
        kind,
        reason_key,
        reason,
        provider,
        payment_id,
        transaction_id,
        amount_minor,
        currency,
        requested_by,
        uow.now,
    )
    return inserted == 1


async def claim(uow: UnitOfWork, *, order_id: UUID, refund_id: UUID, claims: Sequence[Claim]) -> None:
    await uow.execute(
        _CLAIM,
        order_id,
        [line.line_id for line in claims],
        [line.quantity for line in claims],
        [line.amount_minor for line in claims],
        refund_id,
    )


async def succeed(uow: UnitOfWork, refund_id: UUID) -> Record | None:
    """What became of its order; None when that is not touched, or the refund had succeeded before."""
    await uow.execute(_LOCK_BY_REFUND, refund_id)
    return await uow.fetchrow(_SUCCEED, refund_id, uow.now)


async def set_status(uow: UnitOfWork, refund_id: UUID, *, before: str, after: str, settled_at: datetime | None) -> bool:
    touched = await uow.execute(
        "UPDATE refund SET status = $3, settled_at = $4, next_try_at = $5 WHERE id = $1 AND status = $2",
        refund_id,
        before,
        after,
        settled_at,
        uow.now,
    )
    return touched == 1


async def take_due(
    uow: UnitOfWork, *, only: Sequence[UUID] | None, limit: int, first_retry: timedelta, longest_retry: timedelta
) -> list[Record]:
    """Refunds to send now; each is put off, longer every time, in case nothing comes of it."""
    return await uow.fetch(_TAKE_DUE, uow.now, only, limit, first_retry, longest_retry)


async def find(reader: Database | UnitOfWork, refund_id: UUID) -> Record | None:
    return await reader.fetchrow(f"{_VIEW} WHERE id = $1", refund_id)


async def list_of_order(db: Database, order_id: UUID) -> list[Record]:
    return await db.fetch(f"{_VIEW} WHERE order_id = $1 ORDER BY id LIMIT 200", order_id)


async def list_newest(db: Database, *, status: str | None, before: UUID | None, limit: int) -> list[Record]:
    newest = f"{_VIEW} WHERE id < $1 AND asked ORDER BY id DESC LIMIT $2"
    return await db.fetch(*narrowed(newest, before or HIGHEST, limit, where={"status =": status}))


async def list_lines(reader: Database | UnitOfWork, refund_ids: Sequence[UUID]) -> list[Record]:
    return await reader.fetch(
        "SELECT refund_id, line_id, quantity, amount_minor FROM refund_line WHERE refund_id = ANY($1)", refund_ids
    )
