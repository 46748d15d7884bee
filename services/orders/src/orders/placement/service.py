"""Orders placed: by members themselves, or by an operator on their behalf 代客下單."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg

from common.contracts.orders import Channel, OrderCreated, OrderLine
from common.db import UnitOfWork
from common.ids import new_id
from orders.adapters.providers import OFFLINE
from orders.confirmation.domain import Confirmation
from orders.confirmation.service import tell_confirmed
from orders.errors import (
    CampaignCapReached,
    CouponNotApplicable,
    OutOfStock,
    ReferenceJustTaken,
    ReferenceTaken,
)
from orders.metrics import OrderMetrics
from orders.placement import repository
from orders.placement.repository import NewLine, NewOrder, Taken
from orders.quotes.domain import Quote, Wish

PAY_DEADLINE = "pay_deadline"
"""The kind of the timer that ends an order which nobody paid."""
_CODE_BYTES = 8  # 64 random bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """How an order comes in. `collected`: whoever places it has taken the money."""

    channel: Channel
    placed_by: UUID
    pay_window: timedelta
    collected: bool = False
    source: str | None = None
    reference: str | None = None


async def find_placed(uow: UnitOfWork, wish: Wish, *, source: str, reference: str) -> UUID | None:
    """The order that was placed under this reference before. Raises ReferenceTaken when it is another one."""
    row = await repository.find_referenced(uow, source=source, reference=reference)
    if row is None:
        return None
    if row["member_id"] != wish.member_id or row["items_minor"] != sum(line.agreed_minor or 0 for line in wish.lines):
        raise ReferenceTaken("placed_reference: it belongs to an order of another member or amount")
    placed: UUID = row["id"]
    return placed


async def place(uow: UnitOfWork, wish: Wish, quote: Quote, placing: Placing, *, metrics: OrderMetrics) -> NewOrder:
    """Write the order with all that it takes, and tell of it. Raises what is not to be had, and ReferenceJustTaken."""
    order = _new_order(uow, wish, quote, placing)
    try:
        taken = await repository.write_order(uow, order, timer_kind=PAY_DEADLINE)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "uq_orders_reference":
            raise
        raise ReferenceJustTaken("placed_reference: an order was placed under it just now; ask again") from error
    _require_taken(order, taken)
    _tell(uow, order, metrics=metrics)
    uow.on_commit.append(partial(metrics.count_placed, order.channel))
    return order


def _new_order(uow: UnitOfWork, wish: Wish, quote: Quote, placing: Placing) -> NewOrder:
    payable = quote.payable_minor
    collected = placing.collected and payable > 0
    confirmed = collected or not payable
    order_id = new_id()
    return NewOrder(
        order_id=order_id,
        member_id=wish.member_id,
        channel=placing.channel,
        status="confirmed" if confirmed else "pending_payment",
        pickup_point_id=wish.pickup_point_id,
        campaign_id=wish.campaign_id,
        coupon_id=quote.coupon_id,
        currency=quote.currency,
        items_minor=quote.items_minor,
        discount_minor=quote.discount_minor,
        payable_minor=payable,
        paid_minor=payable if collected else 0,
        payment_id=new_id() if collected else None,
        created_at=uow.now,
        pickup_code=base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().rstrip("="),
        placed_by=placing.placed_by,
        source=placing.source,
        reference=placing.reference,
        pay_deadline=None if confirmed else uow.now + placing.pay_window,
        confirmed_at=uow.now if confirmed else None,
        reason="collected" if collected else "nothing_to_pay" if confirmed else "placed",
        provider=OFFLINE if collected else None,
        transaction_id=str(order_id) if collected else None,
        lines=[NewLine(line_id=new_id(), priced=line) for line in quote.lines],
    )


def _require_taken(order: NewOrder, taken: Taken) -> None:
    for line in order.lines:
        goods = line.priced
        if goods.takes_cap and goods.sku_id not in taken.caps:
            raise CampaignCapReached(f"lines: the campaign does not sell {goods.quantity} more of {goods.sku_id}")
        if goods.takes_stock and goods.sku_id not in taken.stock:
            raise OutOfStock(f"lines: fewer than {goods.quantity} of {goods.sku_id} are left")
    if order.coupon_id is not None and not taken.coupon:
        raise CouponNotApplicable("coupon_id: the coupon was spent just now")


def _tell(uow: UnitOfWork, order: NewOrder, *, metrics: OrderMetrics) -> None:
    uow.append(
        OrderCreated(
            order_id=order.order_id,
            member_id=order.member_id,
            pickup_point_id=order.pickup_point_id,
            channel=order.channel,
            lines=[
                OrderLine(
                    line_id=line.line_id,
                    sku_id=line.priced.sku_id,
                    quantity=line.priced.quantity,
                    amount_minor=line.priced.amount_minor,
                )
                for line in order.lines
            ],
            items_minor=order.items_minor,
            discount_minor=order.discount_minor,
            payable_minor=order.payable_minor,
            currency=order.currency,
            created_at=order.created_at,
            campaign_id=order.campaign_id,
            coupon_id=order.coupon_id,
            pay_deadline=order.pay_deadline,
        )
    )
    if order.confirmed_at is not None:
        tell_confirmed(uow, _confirmation(order, at=order.confirmed_at), metrics=metrics)


def _confirmation(order: NewOrder, *, at: datetime) -> Confirmation:
    return Confirmation(
        order_id=order.order_id,
        member_id=order.member_id,
        pickup_point_id=order.pickup_point_id,
        channel=order.channel,
        campaign_id=order.campaign_id,
        coupon_id=order.coupon_id,
        discount_minor=order.discount_minor,
        payable_minor=order.payable_minor,
        currency=order.currency,
        payment_id=order.payment_id,
        confirmed_at=at,
    )
