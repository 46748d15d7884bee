from pathlib import Path

from common.runtime import Service
from orders.consumers import HANDLERS
from orders.settings import OrdersSettings

SERVICE = Service(
    name="orders",
    title="Orders 訂單",
    folder=Path(__file__).resolve().parents[2],
    settings=OrdersSettings,
    handlers=HANDLERS,
)
