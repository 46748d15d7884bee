from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_COLUMNS = """
id, member_id, channel, status, pickup_point_id, campaign_id, coupon_id, currency, items_minor, discount_minor,
payable_minor, paid_minor, refunded_minor, source, placed_reference, created_at, pay_deadline, confirmed_at, picked_up_at,
cancelled_at
"""

_GET = f"""
SELECT {_COLUMNS}, CASE WHEN status = 'confirmed' AND member_id = $3 THEN pickup_code END AS pickup_code
FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR member_id = $2)
"""  # noqa: S608 - a constant of ours

_EXISTS = "SELECT EXISTS (SELECT FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR member_id = $2))"

_LINES = """
SELECT line_id AS id, sku_id, quantity, unit_price_minor, amount_minor, discount_minor, refunded_quantity, refunded_minor
FROM order_line WHERE order_id = $1 ORDER BY line_id
"""

_TOTALS = """
SELECT line.sku_id, count(DISTINCT orders.id) AS orders,
       coalesce(sum(line.quantity) FILTER (WHERE status = 'pending_payment'), 0)::bigint AS unpaid_quantity,
       coalesce(sum(line.quantity - line.refunded_quantity) FILTER (WHERE status <> 'pending_payment'), 0)::bigint AS quantity
FROM orders JOIN order_line AS line ON line.order_id = orders.id
WHERE orders.campaign_id = $1 AND status IN ('pending_payment', 'confirmed', 'picked_up')
GROUP BY line.sku_id ORDER BY line.sku_id
"""


# No status is entered twice, and each leads only to later ones here: that is their order where the moment is the same.
_TRANSITIONS = """
SELECT from_status, to_status, actor, reason, at FROM order_transition WHERE order_id = $1
ORDER BY at, array_position(ARRAY['pending_payment', 'confirmed', 'picked_up', 'cancelled', 'refunded'], to_status)
"""


async def find_order(
    reader: Database | UnitOfWork, order_id: UUID, *, member_id: UUID | None, viewer_id: UUID
) -> Record | None:
    """`member_id` None: whoever's it is. The pick-up code is for its owner's eyes."""
    return await reader.fetchrow(_GET, order_id, member_id, viewer_id)


async def exists(db: Database, order_id: UUID, *, member_id: UUID | None) -> bool:
    found: bool = await db.fetchval(_EXISTS, order_id, member_id)
    return found


async def list_lines(reader: Database | UnitOfWork, order_id: UUID) -> list[Record]:
    return await reader.fetch(_LINES, order_id)


async def list_newest(
    db: Database,
    *,
    member_id: UUID | None,
    statuses: Sequence[str],
    campaign_id: UUID | None = None,
    pickup_point_id: UUID | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
    before: UUID | None,
    limit: int,
) -> list[Record]:
    """Only conditions that were asked for are written, so that each has its own plan."""
    arguments: list[Any] = [limit]
    conditions = ["true"]
    for condition, value in (
        ("member_id = {}", member_id),
        ("status = ANY({}::text[])", list(statuses) or None),
        ("campaign_id = {}", campaign_id),
        ("pickup_point_id = {}", pickup_point_id),
        ("created_at >= {}", created_from),
        ("created_at < {}", created_before),
        ("id < {}", before),
    ):
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(f"${len(arguments)}"))
    sql = f"SELECT {_COLUMNS} FROM orders WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT $1"  # noqa: S608 - ours
    return await db.fetch(sql, *arguments)


async def list_transitions(db: Database, order_id: UUID) -> list[Record]:
    return await db.fetch(_TRANSITIONS, order_id)


async def sum_campaign(db: Database, campaign_id: UUID) -> list[Record]:
    return await db.fetch(_TOTALS, campaign_id)
