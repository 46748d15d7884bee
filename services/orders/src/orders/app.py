from pathlib import Path

from common.runtime import Service
from orders.campaigns.endpoints import router as campaigns
from orders.catalogue.endpoints import router as catalogue
from orders.consumers import HANDLERS
from orders.coupons.endpoints import router as coupons
from orders.coupons.service import COUPON_EXPIRY
from orders.coupons.service import expire as expire_coupon
from orders.fulfilment.endpoints import router as fulfilment
from orders.fulfilment.service import time_out
from orders.jobs import JOBS
from orders.orderbook.endpoints import router as orderbook
from orders.payments.endpoints import router as payments
from orders.pickup.endpoints import router as pickup
from orders.placement.endpoints import router as placement
from orders.placement.service import PAY_DEADLINE
from orders.quotes.endpoints import router as quotes
from orders.refunds.endpoints import router as refunds
from orders.resources import build_resources
from orders.settings import OrdersSettings

SERVICE = Service(
    name="orders",
    title="Orders 訂單",
    folder=Path(__file__).resolve().parents[2],
    settings=OrdersSettings,
    routers=[quotes, placement, payments, orderbook, fulfilment, refunds, coupons, catalogue, campaigns, pickup],
    handlers=HANDLERS,
    timers={COUPON_EXPIRY: expire_coupon, PAY_DEADLINE: time_out},
    jobs=JOBS,
    resources=build_resources,
)
