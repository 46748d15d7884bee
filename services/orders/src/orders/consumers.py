"""Everything orders listen to."""

from common.bus.records import Handlers
from common.contracts.members import CouponIssued
from orders.coupons.handlers import keep_issued_coupons

HANDLERS = Handlers({CouponIssued: keep_issued_coupons})
