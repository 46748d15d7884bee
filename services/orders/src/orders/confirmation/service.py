"""Telling of orders that are certain."""

from functools import partial

from common.contracts.orders import CouponRedeemed, OrderConfirmed, OrderPaid
from common.db import UnitOfWork
from orders.confirmation.domain import Confirmation
from orders.metrics import OrderMetrics


def tell_confirmed(uow: UnitOfWork, order: Confirmation, *, metrics: OrderMetrics) -> None:
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
    paid_minor = order.payable_minor if order.payment_id is not None else 0
    uow.on_commit.append(
        partial(metrics.count_confirmed, order.channel, paid_minor=paid_minor, currency=order.currency)
    )
