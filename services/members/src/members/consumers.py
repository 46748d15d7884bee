"""Everything members listen to."""

from common.bus.records import Handlers
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from common.contracts.orders import CouponExpired, CouponRedeemed, CouponReleased, CouponRetained, CouponRevoked
from members.coupons.handlers import on_coupon_spent
from members.rewards.handlers import on_action_requested
from members.withdrawals.handlers import on_action_withdrawn, on_recall_answered

HANDLERS = Handlers(
    {
        ActionRequested: on_action_requested,
        ActionWithdrawn: on_action_withdrawn,
        CouponRedeemed: on_coupon_spent,
        CouponReleased: on_coupon_spent,
        CouponExpired: on_coupon_spent,
        CouponRevoked: on_recall_answered,
        CouponRetained: on_recall_answered,
    }
)
