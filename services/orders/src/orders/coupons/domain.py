"""What a coupon takes off an order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orders.errors import CouponNotApplicable


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """A member's coupon 優惠券, as it may be spent."""

    coupon_id: UUID
    value_minor: int
    minimum_spend_minor: int
    currency: str
    valid_from: datetime
    expires_at: datetime
    status: str


def discount_of(coupon: CouponTerms, *, eligible_minor: int, currency: str, now: datetime) -> int:
    """At most the eligible amount, never nothing. Raises CouponNotApplicable."""
    if coupon.status != "issued":
        raise CouponNotApplicable(f"coupon_id: the coupon is {coupon.status}")
    if now < coupon.valid_from:
        raise CouponNotApplicable(f"coupon_id: the coupon is valid from {coupon.valid_from.isoformat()}")
    if now >= coupon.expires_at:
        raise CouponNotApplicable(f"coupon_id: the coupon ran out at {coupon.expires_at.isoformat()}")
    if coupon.currency != currency:
        raise CouponNotApplicable(f"coupon_id: the coupon is in {coupon.currency}, the order in {currency}")
    if eligible_minor < coupon.minimum_spend_minor:
        raise CouponNotApplicable(
            f"coupon_id: the coupon needs {coupon.minimum_spend_minor} of eligible goods, the order has {eligible_minor}"
        )
    discount = min(coupon.value_minor, eligible_minor)
    if not discount:
        raise CouponNotApplicable("coupon_id: the coupon would take nothing off this order")
    return discount
