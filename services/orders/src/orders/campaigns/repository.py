from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST

_CAMPAIGN = "id, code, name, status, opens_at, closes_at, coupons_allowed"

_LIST = f"""
SELECT {_CAMPAIGN} FROM campaign
WHERE status = ANY($1::text[]) AND id < $2
  AND ($4::timestamptz IS NULL OR (status = 'published' AND opens_at <= $4 AND closes_at > $4))
  AND ($5::text IS NULL OR code = $5)
ORDER BY id DESC LIMIT $3
"""  # noqa: S608 - a constant of ours

_UPDATE = """
UPDATE campaign
SET name = coalesce($2, name), opens_at = coalesce($3, opens_at), closes_at = coalesce($4, closes_at),
    coupons_allowed = coalesce($5, coupons_allowed), status = coalesce($6, status)
WHERE id = $1
"""

_PUT_SKU = """
INSERT INTO campaign_sku (campaign_id, sku_id, price_minor, cap, reserved, sold) VALUES ($1, $2, $3, $4, 0, 0)
ON CONFLICT (campaign_id, sku_id) DO UPDATE SET price_minor = excluded.price_minor, cap = excluded.cap
"""


async def insert(
    uow: UnitOfWork, *, campaign_id: UUID, code: str, name: str, opens_at: datetime, closes_at: datetime, coupons: bool
) -> None:
    await uow.execute(
        "INSERT INTO campaign (id, code, name, status, opens_at, closes_at, coupons_allowed, created_at)"
        " VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7)",
        campaign_id,
        code,
        name,
        opens_at,
        closes_at,
        coupons,
        uow.now,
    )


async def lock(uow: UnitOfWork, campaign_id: UUID) -> Record | None:
    """Waits for the orders that are just being placed in it; those that come later see what was changed."""
    return await uow.fetchrow(f"SELECT {_CAMPAIGN} FROM campaign WHERE id = $1 FOR UPDATE", campaign_id)  # noqa: S608 - same


async def update(uow: UnitOfWork, campaign_id: UUID, **changes: Any) -> None:
    await uow.execute(
        _UPDATE,
        campaign_id,
        *(changes.get(name) for name in ("name", "opens_at", "closes_at", "coupons_allowed", "status")),
    )


async def put_sku(uow: UnitOfWork, *, campaign_id: UUID, sku_id: UUID, price_minor: int, cap: int | None) -> None:
    await uow.execute(_PUT_SKU, campaign_id, sku_id, price_minor, cap)


async def find_sku(uow: UnitOfWork, *, campaign_id: UUID, sku_id: UUID) -> Record | None:
    return await uow.fetchrow(
        "SELECT price_minor, cap FROM campaign_sku WHERE campaign_id = $1 AND sku_id = $2", campaign_id, sku_id
    )


async def delete_sku(uow: UnitOfWork, *, campaign_id: UUID, sku_id: UUID) -> bool:
    return (
        await uow.execute("DELETE FROM campaign_sku WHERE campaign_id = $1 AND sku_id = $2", campaign_id, sku_id) == 1
    )


async def find(reader: Database | UnitOfWork, campaign_id: UUID) -> Record | None:
    return await reader.fetchrow(f"SELECT {_CAMPAIGN} FROM campaign WHERE id = $1", campaign_id)  # noqa: S608 - same


async def list_newest(
    db: Database,
    *,
    statuses: Sequence[str],
    before: UUID | None,
    limit: int,
    open_at: datetime | None,
    code: str | None,
) -> list[Record]:
    return await db.fetch(_LIST, statuses, before or HIGHEST, limit, open_at, code)


async def list_skus(reader: Database | UnitOfWork, campaign_ids: Sequence[UUID]) -> list[Record]:
    return await reader.fetch(
        "SELECT campaign_id, sku_id, price_minor, cap, cap - reserved - sold AS left FROM campaign_sku"
        " WHERE campaign_id = ANY($1) ORDER BY campaign_id, sku_id",
        campaign_ids,
    )
