from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_COLUMNS = """
orders.id, orders.member_id, channel, status, pickup_point_id, campaign_id, coupon_id, currency, items_minor,
discount_minor, payable_minor, paid_minor, refunded_minor, source, placed_reference, created_at, pay_deadline,
confirmed_at, picked_up_at, cancelled_at
"""

_GET = f"""
SELECT {_COLUMNS}, CASE WHEN status = 'confirmed' THEN pickup_code END AS pickup_code
FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR member_id = $2)
"""  # noqa: S608 - a constant of ours

_LINES = """
SELECT line_id AS id, sku_id, quantity, unit_price_minor, amount_minor, discount_minor, refunded_quantity, refunded_minor
FROM order_line WHERE order_id = $1 ORDER BY line_id
"""


async def find_order(reader: Database | UnitOfWork, order_id: UUID, *, member_id: UUID | None) -> Record | None:
    """`member_id` None: whoever's it is."""
    return await reader.fetchrow(_GET, order_id, member_id)


async def list_lines(reader: Database | UnitOfWork, order_id: UUID) -> list[Record]:
    return await reader.fetch(_LINES, order_id)
