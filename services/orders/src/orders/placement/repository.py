"""The statements of placing an order: one that reads what the price needs, one that writes everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from common.connection import Record
from common.contracts.orders import Channel
from common.db import Database, UnitOfWork
from orders.placement.domain import PricedLine

# One row for each SKU asked for; point, campaign and coupon stand in every row.
_READ = """
WITH asked_campaign AS MATERIALIZED (
    SELECT id, status, opens_at, closes_at, coupons_allowed FROM campaign WHERE id = $2 {lock}
)
SELECT wanted.id AS sku_id, sku.price_minor, sku.supplied IS NOT NULL AS tracked,
       campaign_sku.price_minor AS campaign_price_minor, campaign_sku.cap IS NOT NULL AS capped,
       point.id AS point_id,
       campaign.id AS campaign_id, campaign.status AS campaign_status, campaign.opens_at, campaign.closes_at,
       campaign.coupons_allowed,
       coupon.id AS coupon_id, coupon.value_minor, coupon.minimum_spend_minor, coupon.currency, coupon.valid_from,
       coupon.expires_at, coupon.status AS coupon_status
FROM unnest($1::uuid[]) AS wanted (id)
LEFT JOIN sku ON sku.id = wanted.id AND sku.active
LEFT JOIN pickup_point AS point ON point.id = $3 AND point.active
LEFT JOIN asked_campaign AS campaign ON true
LEFT JOIN campaign_sku ON campaign_sku.campaign_id = $2 AND campaign_sku.sku_id = wanted.id
LEFT JOIN coupon ON coupon.id = $4 AND coupon.member_id = $5
"""
READ = _READ.format(lock="")
READ_TO_PLACE = _READ.format(lock="FOR SHARE")

# Locks are taken in the one fixed order: the campaign's caps, stock by id, the coupon; each step waits for the one before by
# asking for its count. What could not be taken is missing from the answer, and the unit of work is rolled back.
PLACE = """
WITH line AS MATERIALIZED (
    SELECT * FROM unnest($25::uuid[], $26::uuid[], $27::int[], $28::bigint[], $29::bigint[], $30::bigint[], $31::bool[], $32::bool[])
        AS line (line_id, sku_id, quantity, unit_price_minor, amount_minor, discount_minor, takes_stock, takes_cap)
), cap_row AS MATERIALIZED (
    SELECT sku_id FROM campaign_sku
    WHERE campaign_id = $6 AND sku_id IN (SELECT sku_id FROM line WHERE takes_cap) ORDER BY sku_id FOR UPDATE
), cap_taken AS (
    UPDATE campaign_sku
    SET reserved = reserved + CASE WHEN $4 = 'pending_payment' THEN wanted.quantity ELSE 0 END,
        sold = sold + CASE WHEN $4 = 'pending_payment' THEN 0 ELSE wanted.quantity END
    FROM (SELECT sku_id, sum(quantity)::bigint AS quantity FROM line WHERE takes_cap GROUP BY sku_id) AS wanted
    WHERE campaign_sku.campaign_id = $6 AND campaign_sku.sku_id = wanted.sku_id
      AND campaign_sku.sku_id IN (SELECT sku_id FROM cap_row) AND reserved + sold + wanted.quantity <= cap
    RETURNING campaign_sku.sku_id
), stock_row AS MATERIALIZED (
    SELECT id FROM sku
    WHERE id IN (SELECT sku_id FROM line WHERE takes_stock) AND (SELECT count(*) FROM cap_taken) >= 0
    ORDER BY id FOR UPDATE
), stock_taken AS (
    UPDATE sku
    SET reserved = reserved + CASE WHEN $4 = 'pending_payment' THEN wanted.quantity ELSE 0 END,
        sold = sold + CASE WHEN $4 = 'pending_payment' THEN 0 ELSE wanted.quantity END
    FROM (SELECT sku_id, sum(quantity)::bigint AS quantity FROM line WHERE takes_stock GROUP BY sku_id) AS wanted
    WHERE sku.id = wanted.sku_id AND sku.id IN (SELECT id FROM stock_row)
      AND reserved + sold + wanted.quantity <= supplied
    RETURNING sku.id
), coupon_taken AS (
    UPDATE coupon
    SET status = CASE WHEN $4 = 'pending_payment' THEN 'locked' ELSE 'redeemed' END, order_id = $1, changed_at = $14
    WHERE id = $7 AND member_id = $2 AND status = 'issued' AND (SELECT count(*) FROM stock_taken) >= 0
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
SELECT ARRAY(SELECT sku_id FROM cap_taken) AS caps_taken, ARRAY(SELECT id FROM stock_taken) AS stock_taken,
       EXISTS (SELECT FROM coupon_taken) AS coupon_taken
"""

REFERENCED = "SELECT id, member_id, items_minor FROM orders WHERE source = $1 AND placed_reference = $2"


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


async def read_offers(
    reader: Database | UnitOfWork,
    *,
    sku_ids: Sequence[UUID],
    campaign_id: UUID | None,
    pickup_point_id: UUID,
    coupon_id: UUID | None,
    member_id: UUID,
) -> list[Record]:
    """A row for each SKU asked for. In a unit of work the campaign cannot be closed or changed until its end."""
    sql = READ_TO_PLACE if isinstance(reader, UnitOfWork) else READ
    return await reader.fetch(sql, sku_ids, campaign_id, pickup_point_id, coupon_id, member_id)


async def find_referenced(uow: UnitOfWork, *, source: str, reference: str) -> Record | None:
    return await uow.fetchrow(REFERENCED, source, reference)


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
    row = await uow.fetchrow(PLACE, *head, *_columns(order.lines))
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
