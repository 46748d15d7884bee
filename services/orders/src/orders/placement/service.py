"""Quotes, and orders placed: by members themselves, or by an operator on their behalf 代客下單."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from common.connection import Record
from common.contracts.orders import Channel, OrderCreated, OrderLine
from common.db import Database, UnitOfWork
from common.ids import new_id
from orders.adapters.providers import OFFLINE
from orders.campaigns.domain import CampaignTerms
from orders.coupons.domain import CouponTerms
from orders.errors import (
    CampaignCapReached,
    CampaignUnknown,
    CouponNotApplicable,
    CouponUnknown,
    OutOfStock,
    PickupPointUnknown,
    ReferenceTaken,
)
from orders.payments.domain import Confirmation
from orders.payments.service import tell_confirmed
from orders.placement import repository
from orders.placement.domain import Offer, Quote, Wanted, price_order
from orders.placement.repository import NewLine, NewOrder, Taken

PAY_DEADLINE = "pay_deadline"
"""The kind of the timer that ends an order which nobody paid."""
_CODE_BYTES = 8  # 64 random bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants for a member."""

    member_id: UUID
    pickup_point_id: UUID
    lines: Sequence[Wanted]
    campaign_id: UUID | None
    coupon_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """How an order comes in. `collected`: whoever places it has taken the money."""

    channel: Channel
    placed_by: UUID
    pay_window: timedelta
    collected: bool = False
    source: str | None = None
    reference: str | None = None


async def make_quote(reader: Database | UnitOfWork, wish: Wish, *, currency: str) -> Quote:
    """What the wish costs now. In a unit of work: at which it can be placed."""
    now = reader.now if isinstance(reader, UnitOfWork) else reader.clock.now()
    rows = await repository.read_offers(
        reader,
        sku_ids=list({line.sku_id for line in wish.lines}),
        campaign_id=wish.campaign_id,
        pickup_point_id=wish.pickup_point_id,
        coupon_id=wish.coupon_id,
        member_id=wish.member_id,
    )
    first = rows[0]
    if first["point_id"] is None:
        raise PickupPointUnknown("pickup_point_id: there is no such pick-up point, or it takes no orders")
    if wish.campaign_id is not None and first["campaign_id"] is None:
        raise CampaignUnknown("campaign_id: there is no such campaign")
    if wish.coupon_id is not None and first["coupon_id"] is None:
        raise CouponUnknown("coupon_id: the member has no such coupon")
    return price_order(
        wish.lines, _offers(rows), campaign=_campaign(first), coupon=_coupon(first), currency=currency, now=now
    )


async def find_placed(uow: UnitOfWork, wish: Wish, *, source: str, reference: str) -> UUID | None:
    """The order that was placed under this reference before. Raises ReferenceTaken when it is another one."""
    row = await repository.find_referenced(uow, source=source, reference=reference)
    if row is None:
        return None
    if row["member_id"] != wish.member_id or row["items_minor"] != sum(line.agreed_minor or 0 for line in wish.lines):
        raise ReferenceTaken("placed_reference: it belongs to an order of another member or amount")
    placed: UUID = row["id"]
    return placed


async def place(uow: UnitOfWork, wish: Wish, quote: Quote, placing: Placing) -> NewOrder:
    """Write the order with all that it takes, and tell of it. Raises what is not to be had."""
    order = _new_order(uow, wish, quote, placing)
    taken = await repository.write_order(uow, order, timer_kind=PAY_DEADLINE)
    _require_taken(order, taken)
    _tell(uow, order)
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


def _tell(uow: UnitOfWork, order: NewOrder) -> None:
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
        tell_confirmed(
            uow,
            Confirmation(
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
                confirmed_at=order.confirmed_at,
            ),
        )


def _offers(rows: Sequence[Record]) -> dict[UUID, Offer]:
    return {
        row["sku_id"]: Offer(
            price_minor=row["price_minor"],
            tracked=row["tracked"],
            campaign_price_minor=row["campaign_price_minor"],
            capped=row["capped"],
        )
        for row in rows
        if row["price_minor"] is not None
    }


def _campaign(row: Record) -> CampaignTerms | None:
    if row["campaign_id"] is None:
        return None
    return CampaignTerms(
        status=row["campaign_status"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        coupons_allowed=row["coupons_allowed"],
    )


def _coupon(row: Record) -> CouponTerms | None:
    if row["coupon_id"] is None:
        return None
    return CouponTerms(
        coupon_id=row["coupon_id"],
        value_minor=row["value_minor"],
        minimum_spend_minor=row["minimum_spend_minor"],
        currency=row["currency"],
        valid_from=row["valid_from"],
        expires_at=row["expires_at"],
        status=row["coupon_status"],
    )
