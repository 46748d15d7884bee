from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.orders import CouponExpired, CouponRedeemed, CouponReleased
from common.db import UnitOfWork
from members.coupons import service
from members.coupons.domain import Spending

Spent = CouponRedeemed | CouponReleased | CouponExpired


async def on_coupon_spent(uow: UnitOfWork, events: Sequence[Received[Spent]]) -> None:
    """Follow what orders did with coupons; of several events about one, the last counts."""
    await service.follow(uow, [_spending(received.event) for received in events])


def _spending(event: Spent) -> Spending:
    match event:
        case CouponRedeemed():
            return Spending(event.coupon_id, event.member_id, "redeemed", event.order_id)
        case CouponReleased():
            return Spending(event.coupon_id, event.member_id, "issued")
        case CouponExpired():
            return Spending(event.coupon_id, event.member_id, "expired")
