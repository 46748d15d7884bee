"""The one statement that writes an order with everything that it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from common.connection import Record
from common.contracts.orders import Channel
from common.db import UnitOfWork
from orders.holdings.domain import CAPS_MOVED, STOCK_MOVED, move_goods
from orders.quotes.domain import PricedLine

_GOODS = """
    SELECT sku_id, CASE WHEN $4 = 'pending_payment' THEN quantity ELSE 0 END AS reserved,
           CASE WHEN $4 = 'pending_payment' THEN 0 ELSE quantity END AS sold, takes_stock, takes_cap
    FROM line"""

# What could not be taken is missing from the answer; the unit of work is then rolled back.
_PLACE = f"""
WITH line AS MATERIALIZED (
    SELECT * FROM unnest($25::uuid[], $26::uuid[], $27::int[], $28::bigint[], $29::bigint[], $30::bigint[], $31::bool[], $32::bool[])
        AS line (line_id, sku_id, quantity, unit_price_minor, amount_minor, discount_minor, takes_stock, takes_cap)
), {move_goods(campaign="$6", lines=_GOODS)}, coupon_taken AS (
    UPDATE coupon
    SET status = CASE WHEN $4 = 'pending_payment' THEN 'locked' ELSE 'redeemed' END, order_id = $1, changed_at = $14
    WHERE id = $7 AND member_id = $2 AND status = 'issued' AND (SELECT count(*) FROM {STOCK_MOVED}) >= 0
    RETURNING id
), placed AS (
    INSERT INTO orders (id, member_id, channel, status, pickup_point_id, campaign_id, coupon_id, currency, items_minor,
        discount_minor, payable_minor, paid_minor, refunded_minor, payment_id, open_refunds, pickup_code, placed_by,
        source, placed_reference, created_at, pay_deadline, confirmed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, 0, $15, $16, $17, $18, $14, $19, $20)
), line_written AS (
    INSERT INTO order_line (order_id, line_id, sku_id, quantity, unit_price_minor, amount_minor, discount_minor,
        refunded_quantity, refunded_minor, takes_stock, takes_cap)
    SELECT $1, line_id, sku_id, quantity, unit_price_minor, amount_minor, discount_minor, 0, 0, takes_stock, takes_cap
    FROM line
), adjusted AS (
    INSERT INTO order_adjustment (order_id, line_id, source, source_id, amount_minor)
    SELECT $1, line_id, 'coupon', $7, discount_minor FROM line WHERE discount_minor > 0
), moved AS (
    INSERT INTO order_transition (order_id, from_status, to_status, actor, reason, at)
    VALUES ($1, NULL, $4, $16, $21, $14)
), armed AS (
    INSERT INTO timer (kind, business_id, due_at) SELECT $24, $1, $19 WHERE $4 = 'pending_payment'
), collected AS (
    INSERT INTO payment (id, order_id, provider, amount_minor, currency, status, transaction_id, created_at, settled_at)
    SELECT $13, $1, $22, $11, $8, 'paid', $23, $14, $14 WHERE $13 IS NOT NULL
)
SELECT ARRAY(SELECT id FROM {CAPS_MOVED}) AS caps_taken, ARRAY(SELECT id FROM {STOCK_MOVED}) AS stock_taken,
       EXISTS (SELECT FROM coupon_taken) AS coupon_taken
"""  # noqa: S608 - pieces of our own SQL

_REFERENCED = "SELECT id, member_id, items_minor FROM orders WHERE source = $1 AND placed_reference = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    line_id: UUID
    priced: PricedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order as it is written. `payment_id`: of money that was collected with it."""

    order_id: UUID
    member_id: UUID
    channel: Channel
    status: Literal["pending_payment", "confirmed"]
    pickup_point_id: UUID
    campaign_id: UUID | None
    coupon_id: UUID | None
    currency: str
    items_minor: int
    discount_minor: int
    payable_minor: int
    paid_minor: int
    payment_id: UUID | None
    created_at: datetime
    pickup_code: str
    placed_by: UUID
    source: str | None
    reference: str | None
    pay_deadline: datetime | None
    confirmed_at: datetime | None
    reason: str
    provider: str | None
    transaction_id: str | None
    lines: Sequence[NewLine]


@dataclass(frozen=True, slots=True)
class Taken:
    """What could be had."""

    caps: frozenset[UUID]
    stock: frozenset[UUID]
    coupon: bool


async def find_referenced(uow: UnitOfWork, *, source: str, reference: str) -> Record | None:
    return await uow.fetchrow(_REFERENCED, source, reference)


async def write_order(uow: UnitOfWork, order: NewOrder, *, timer_kind: str) -> Taken:
    """Write everything of an order at once. The caller rolls back when something could not be taken."""
    head: list[Any] = [
        order.order_id,
        order.member_id,
        order.channel,
        order.status,
        order.pickup_point_id,
        order.campaign_id,
        order.coupon_id,
        order.currency,
        order.items_minor,
        order.discount_minor,
        order.payable_minor,
        order.paid_minor,
        order.payment_id,
        order.created_at,
        order.pickup_code,
        order.placed_by,
        order.source,
        order.reference,
        order.pay_deadline,
        order.confirmed_at,
        order.reason,
        order.provider,
        order.transaction_id,
        timer_kind,
    ]
    row = await uow.fetchrow(_PLACE, *head, *_columns(order.lines))
    if row is None:
        raise RuntimeError("a SELECT without FROM gives one row")
    return Taken(frozenset(row["caps_taken"]), frozenset(row["stock_taken"]), row["coupon_taken"])


def _columns(lines: Sequence[NewLine]) -> list[list[Any]]:
    goods = [line.priced for line in lines]
    return [
        [line.line_id for line in lines],
        [line.sku_id for line in goods],
        [line.quantity for line in goods],
        [line.unit_price_minor for line in goods],
        [line.amount_minor for line in goods],
        [line.discount_minor for line in goods],
        [line.takes_stock for line in goods],
        [line.takes_cap for line in goods],
    ]
