"""Paying: attempts, what providers say of them, and orders confirmed by money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.contracts.orders import CouponRedeemed, OrderConfirmed, OrderPaid
from common.db import Database, UnitOfWork
from common.ids import new_id
from orders.adapters.providers import Notice, PaymentProvider
from orders.errors import OrderNotFound, OrderNotPayable, PayDeadlinePassed, PaymentProviderUnknown
from orders.payments import repository
from orders.payments.domain import Confirmation


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An open attempt to pay 支付單."""

    payment_id: UUID
    order_id: UUID
    provider: str
    amount_minor: int
    currency: str
    status: str
    created_at: datetime


def provider_of(providers: Mapping[str, PaymentProvider], name: str) -> PaymentProvider:
    found = providers.get(name)
    if found is None:
        known = ", ".join(providers) or "none is set up"
        raise PaymentProviderUnknown(f"provider: there is no {name!r} here ({known})")
    return found


async def begin(uow: UnitOfWork, *, order_id: UUID, member_id: UUID | None, provider: str) -> Attempt:
    """The order's open attempt, made if there was none. `member_id` None: whoever's order it is."""
    opened = await repository.open_payment(
        uow, order_id=order_id, payment_id=new_id(), member_id=member_id, provider=provider
    )
    if opened is not None:
        return _attempt(opened)
    row = await repository.find_open(uow, order_id=order_id, member_id=member_id)
    if row is None:
        raise OrderNotFound(f"there is no order {order_id}")
    if row["order_status"] != "pending_payment":
        raise OrderNotPayable(f"the order is {row['order_status']}")
    if row["id"] is None:
        raise PayDeadlinePassed(f"the order had to be paid by {row['pay_deadline'].isoformat()}")
    return _attempt(row)


async def receive(db: Database, notice: Notice, *, provider: str) -> Confirmation | None:
    """Book what a provider said, once however often it says it. The confirmation, if this made one."""
    async with db.transaction() as uow:
        row = await repository.confirm(uow, notice, provider=provider)
        if row["order_id"] is None:
            return None
        confirmation = _confirmation(row, payment_id=notice.payment_id, at=uow.now)
        tell_confirmed(uow, confirmation)
        return confirmation


def tell_confirmed(uow: UnitOfWork, order: Confirmation) -> None:
    """Tell of an order that stands from now on, of its money and of its coupon."""
    if order.payment_id is not None:
        uow.append(
            OrderPaid(
                order_id=order.order_id,
                member_id=order.member_id,
                payment_id=order.payment_id,
                amount_minor=order.payable_minor,
                currency=order.currency,
                paid_at=order.confirmed_at,
            )
        )
    uow.append(
        OrderConfirmed(
            order_id=order.order_id,
            member_id=order.member_id,
            amount_minor=order.payable_minor,
            currency=order.currency,
            pickup_point_id=order.pickup_point_id,
            channel=order.channel,
            confirmed_at=order.confirmed_at,
            campaign_id=order.campaign_id,
        )
    )
    if order.coupon_id is not None:
        uow.append(
            CouponRedeemed(
                coupon_id=order.coupon_id,
                member_id=order.member_id,
                order_id=order.order_id,
                discount_minor=order.discount_minor,
                currency=order.currency,
            )
        )


def _attempt(row: Record) -> Attempt:
    return Attempt(
        payment_id=row["id"],
        order_id=row["order_id"],
        provider=row["provider"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        status=row["status"],
        created_at=row["created_at"],
    )


def _confirmation(row: Record, *, payment_id: UUID, at: datetime) -> Confirmation:
    return Confirmation(
        order_id=row["order_id"],
        member_id=row["member_id"],
        pickup_point_id=row["pickup_point_id"],
        channel=row["channel"],
        campaign_id=row["campaign_id"],
        coupon_id=row["coupon_id"],
        discount_minor=row["discount_minor"],
        payable_minor=row["payable_minor"],
        currency=row["currency"],
        payment_id=payment_id,
        confirmed_at=at,
    )
