"""Everything orders listen to."""

from common.bus.records import Handlers
from common.contracts.members import CouponIssued, CouponRecalled
from orders.coupons.handlers import keep_issued_coupons, take_back_recalled_coupons

# Coupons know nothing of one another: one that cannot be kept holds up none of its member's others.
HANDLERS = Handlers(
    {CouponIssued: keep_issued_coupons, CouponRecalled: take_back_recalled_coupons},
    ordered=False,
)
