from pathlib import Path

from common.runtime import Service
from orders.catalogue.endpoints import router as catalogue
from orders.consumers import HANDLERS
from orders.coupons.handlers import COUPON_EXPIRY, expire_coupon
from orders.orderbook.endpoints import router as orderbook
from orders.payments.endpoints import router as payments
from orders.pickup.endpoints import router as pickup
from orders.placement.endpoints import router as placement
from orders.resources import build_resources
from orders.settings import OrdersSettings

SERVICE = Service(
    name="orders",
    title="Orders 訂單",
    folder=Path(__file__).resolve().parents[2],
    settings=OrdersSettings,
    routers=[catalogue, pickup, placement, orderbook, payments],
    handlers=HANDLERS,
    timers={COUPON_EXPIRY: expire_coupon},
    resources=build_resources,
)
