from collections.abc import Sequence
from uuid import UUID

from common.bus.records import Received
from common.contracts.members import CouponIssued
from common.contracts.orders import CouponExpired
from common.db import UnitOfWork
from orders.coupons import repository

COUPON_EXPIRY = "coupon_expiry"
"""The kind of the timer that ends a coupon. It fires once: a coupon held then runs out when it is given back."""


async def keep_issued_coupons(uow: UnitOfWork, received: Sequence[Received[CouponIssued]]) -> None:
    coupons = [item.event for item in received]
    await repository.insert_coupons(uow, coupons, timer_kind=COUPON_EXPIRY, now=uow.now)


async def expire_coupon(uow: UnitOfWork, coupon_id: UUID) -> None:
    expired = await repository.expire(uow, coupon_id)
    if expired is not None:
        member_id, expired_at = expired
        uow.append(CouponExpired(coupon_id=coupon_id, member_id=member_id, expired_at=expired_at))
