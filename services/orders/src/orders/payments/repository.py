from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from orders.adapters.providers import Notice
from orders.holdings.domain import STOCK_MOVED, disarm, move_goods, whole_lines

# `open_payment_id` on the order's own row decides: one attempt at a time, and none on an order that is being ended.
_OPEN = """
WITH opened AS (
    UPDATE orders SET open_payment_id = $2
    WHERE id = $1 AND ($3::uuid IS NULL OR member_id = $3) AND status = 'pending_payment' AND open_payment_id IS NULL
      AND pay_deadline > $5
    RETURNING id, payable_minor, currency
)
INSERT INTO payment (id, order_id, provider, amount_minor, currency, status, created_at)
SELECT $2, id, $4, payable_minor, currency, 'submitted', $5 FROM opened
RETURNING id, order_id, provider, amount_minor, currency, status, created_at
"""

_FIND_OPEN = """
SELECT orders.status AS order_status, orders.pay_deadline, payment.id, payment.order_id, payment.provider,
       payment.amount_minor, payment.currency, payment.status, payment.created_at
FROM orders LEFT JOIN payment ON payment.id = orders.open_payment_id
WHERE orders.id = $1 AND ($2::uuid IS NULL OR orders.member_id = $2)
"""

# The usual callback in one statement: noted, and the order confirmed with everything that it holds. A repeat notes nothing; money
# that is not wanted confirms nothing.
_CONFIRM = f"""
WITH noted AS (
    INSERT INTO payment_callback (provider, transaction_id, payment_id, amount_minor, currency, received_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING payment_id
), confirmed AS (
    UPDATE orders
    SET status = 'confirmed', paid_minor = payable_minor, payment_id = $3, open_payment_id = NULL, confirmed_at = $6
    FROM payment
    WHERE payment.id = (SELECT payment_id FROM noted) AND payment.provider = $1 AND payment.amount_minor = $4
      AND payment.currency = $5 AND orders.id = payment.order_id AND orders.status = 'pending_payment'
    RETURNING orders.*
), settled AS (
    UPDATE payment SET status = 'paid', transaction_id = $2, settled_at = $6
    WHERE id = $3 AND EXISTS (SELECT FROM confirmed)
), {
    move_goods(
        campaign="(SELECT campaign_id FROM confirmed)",
        lines=whole_lines("confirmed", reserved="-quantity", sold="quantity"),
    )
}, coupon_redeemed AS (
    UPDATE coupon SET status = 'redeemed', changed_at = $6
    WHERE id = (SELECT coupon_id FROM confirmed) AND order_id = (SELECT id FROM confirmed) AND status = 'locked'
      AND (SELECT count(*) FROM {STOCK_MOVED}) >= 0
), moved AS (
    INSERT INTO order_transition (order_id, from_status, to_status, actor, reason, at)
    SELECT id, 'pending_payment', 'confirmed', NULL, 'paid', $6 FROM confirmed
), {disarm("confirmed", kind="pay_deadline")}
SELECT EXISTS (SELECT FROM noted) AS noted, confirmed.id AS order_id, confirmed.member_id, confirmed.pickup_point_id,
       confirmed.channel, confirmed.campaign_id, confirmed.coupon_id, confirmed.discount_minor, confirmed.payable_minor,
       confirmed.currency
FROM (VALUES (1)) AS one LEFT JOIN confirmed ON true
"""  # noqa: S608 - pieces of our own SQL

_LOCK = """
SELECT orders.id AS order_id, orders.member_id, orders.status AS order_status, payment.amount_minor, payment.currency,
       payment.status
FROM orders JOIN payment ON payment.order_id = orders.id
WHERE payment.id = $1 AND payment.provider = $2 FOR UPDATE
"""

# What ends an attempt lets the member begin another.
_MARK = """
WITH marked AS (
    UPDATE payment SET status = $2::text, transaction_id = $3, settled_at = CASE WHEN $2 = 'unknown' THEN NULL ELSE $4::timestamptz END
    WHERE id = $1 AND status IN ('submitted', 'unknown', 'closed')
    RETURNING id
)
UPDATE orders SET open_payment_id = NULL WHERE $2 <> 'unknown' AND open_payment_id = (SELECT id FROM marked)
"""

_INSERT_EXCEPTION = """
INSERT INTO payment_exception (id, kind, provider, transaction_id, payment_id, order_id, refund_id, amount_minor, currency, noted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

# Whom nobody answers for goes to the end of the line, so that nobody else waits for them.
_TAKE_OVERDUE = """
UPDATE payment SET asked_at = $1
WHERE id IN (
    SELECT payment.id FROM payment JOIN orders ON orders.open_payment_id = payment.id
    WHERE payment.status IN ('submitted', 'unknown') AND orders.pay_deadline <= $1 AND (asked_at IS NULL OR asked_at <= $2)
    ORDER BY asked_at NULLS FIRST, payment.id LIMIT $3 FOR UPDATE OF payment SKIP LOCKED
)
RETURNING id, provider, order_id
"""

_EXCEPTIONS = """
SELECT exception.id, exception.kind, exception.provider, exception.transaction_id, exception.payment_id, exception.order_id, refund_id,
       exception.amount_minor, exception.currency, noted_at, refund.status AS refund_status
FROM payment_exception AS exception LEFT JOIN refund ON refund.id = exception.refund_id
WHERE exception.id < $1 ORDER BY exception.id DESC LIMIT $2
"""


async def open_payment(
    uow: UnitOfWork, *, order_id: UUID, payment_id: UUID, member_id: UUID | None, provider: str
) -> Record | None:
    """None: the order is not there, not waiting for money, or an attempt is open."""
    return await uow.fetchrow(_OPEN, order_id, payment_id, member_id, provider, uow.now)


async def find_open(uow: UnitOfWork, *, order_id: UUID, member_id: UUID | None) -> Record | None:
    return await uow.fetchrow(_FIND_OPEN, order_id, member_id)


async def confirm(uow: UnitOfWork, notice: Notice, *, provider: str) -> Record:
    """`noted` False: this was said before. `order_id` null: it confirmed nothing."""
    row = await uow.fetchrow(
        _CONFIRM,
        provider,
        notice.transaction_id,
        notice.payment_id,
        notice.amount_minor,
        notice.currency,
        uow.now,
    )
    if row is None:
        raise RuntimeError("a row of one value gives one row")
    return row


async def lock(uow: UnitOfWork, payment_id: UUID, *, provider: str) -> Record | None:
    """The attempt and its order, as they are when nobody else moves them."""
    return await uow.fetchrow(_LOCK, payment_id, provider)


async def mark(uow: UnitOfWork, payment_id: UUID, *, status: str, transaction_id: str | None) -> None:
    """Say what became of an attempt that is not paid. The caller holds its order."""
    await uow.execute(_MARK, payment_id, status, transaction_id, uow.now)


async def insert_exception(
    uow: UnitOfWork,
    notice: Notice,
    *,
    exception_id: UUID,
    kind: str,
    provider: str,
    order_id: UUID | None,
    refund_id: UUID | None,
) -> None:
    await uow.execute(
        _INSERT_EXCEPTION,
        exception_id,
        kind,
        provider,
        notice.transaction_id,
        notice.payment_id,
        order_id,
        refund_id,
        notice.amount_minor,
        notice.currency,
        uow.now,
    )


async def list_of_order(db: Database, order_id: UUID) -> list[Record]:
    return await db.fetch(
        "SELECT id, order_id, provider, amount_minor, currency, status, created_at, settled_at FROM payment"
        " WHERE order_id = $1 ORDER BY id LIMIT 200",
        order_id,
    )


async def take_overdue(uow: UnitOfWork, *, asked_before: datetime, limit: int) -> list[Record]:
    """Open attempts on orders whose deadline is over, unless their provider was asked since."""
    return await uow.fetch(_TAKE_OVERDUE, uow.now, asked_before, limit)


async def list_exceptions(db: Database, *, before: UUID | None, limit: int) -> list[Record]:
    return await db.fetch(_EXCEPTIONS, before or HIGHEST, limit)
