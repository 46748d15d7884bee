"""Everything members listen to."""

from common.bus.records import Handlers
from common.contracts.lifecycle import ActionRequested
from common.contracts.orders import CouponExpired, CouponRedeemed, CouponReleased
from members.coupons.handlers import on_coupon_spent
from members.rewards.handlers import on_action_requested

HANDLERS = Handlers(
    {
        ActionRequested: on_action_requested,
        CouponRedeemed: on_coupon_spent,
        CouponReleased: on_coupon_spent,
        CouponExpired: on_coupon_spent,
    }
)
