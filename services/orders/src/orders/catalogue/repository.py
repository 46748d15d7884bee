from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_SKU = "id, product_id, code, name, price_minor, supplied - reserved - sold AS stock, active"

_LIST_PRODUCTS = """
SELECT id, code, name, description FROM product
WHERE id > $1 AND ($3::text IS NULL OR code = $3)
  AND EXISTS (SELECT FROM sku WHERE product_id = product.id AND active)
ORDER BY id LIMIT $2
"""

_INSERT_SKUS = f"""
INSERT INTO sku (id, product_id, code, name, price_minor, supplied, reserved, sold, active, created_at)
SELECT id, $2, code, name, price_minor, stock, 0, 0, true, $7
FROM unnest($1::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) AS new (id, code, name, price_minor, stock)
RETURNING {_SKU}
"""  # noqa: S608 - a constant of ours

# `stock` is what can be bought: what came in is that, and what orders hold or have bought.
_UPDATE_SKU = f"""
UPDATE sku
SET name = coalesce($2, name), price_minor = coalesce($3, price_minor), active = coalesce($4, active),
    supplied = CASE WHEN $5 THEN $6::bigint + reserved + sold ELSE supplied END
WHERE id = $1 RETURNING {_SKU}
"""  # noqa: S608 - a constant of ours

# Rows are written in the order of their codes, so that two imports at once wait for each other instead of deadlocking.
_IMPORT_PRODUCTS = """
INSERT INTO product (id, code, name, description, created_at)
SELECT id, code, name, '', $4 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS new (id, code, name) ORDER BY code
ON CONFLICT (code) DO UPDATE SET name = excluded.name
RETURNING id, code
"""
_IMPORT_SKUS = """
INSERT INTO sku (id, product_id, code, name, price_minor, supplied, reserved, sold, active, created_at)
SELECT new.id, product.id, new.code, new.name, new.price_minor, new.stock, 0, 0, true, $7
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    AS new (id, product_code, code, name, price_minor, stock)
JOIN product ON product.code = new.product_code ORDER BY new.code
ON CONFLICT (code) DO UPDATE
SET name = excluded.name, price_minor = excluded.price_minor, product_id = excluded.product_id,
    supplied = excluded.supplied + sku.reserved + sku.sold
RETURNING id, product_id, code
"""


async def insert_product(
    uow: UnitOfWork, *, product_id: UUID, code: str, name: str, description: str, created_at: datetime
) -> None:
    await uow.execute(
        "INSERT INTO product (id, code, name, description, created_at) VALUES ($1, $2, $3, $4, $5)",
        product_id,
        code,
        name,
        description,
        created_at,
    )


async def insert_skus(
    uow: UnitOfWork, *, product_id: UUID, skus: Sequence[tuple[UUID, str, str, int, int | None]], created_at: datetime
) -> list[Record]:
    """`skus`: id, code, name, price, stock."""
    ids, codes, names, prices, stocks = _columns(skus, 5)
    return await uow.fetch(_INSERT_SKUS, ids, product_id, codes, names, prices, stocks, created_at)


async def import_products(uow: UnitOfWork, products: Sequence[tuple[UUID, str, str]], *, created_at: datetime) -> None:
    """`products`: id (for those that are new), code, name. Codes must not repeat."""
    await uow.execute(_IMPORT_PRODUCTS, *_columns(products, 3), created_at)


async def import_skus(
    uow: UnitOfWork, skus: Sequence[tuple[UUID, str, str, str, int, int | None]], *, created_at: datetime
) -> list[Record]:
    """`skus`: id (for those that are new), product's code, code, name, price, stock. Codes must not repeat."""
    return await uow.fetch(_IMPORT_SKUS, *_columns(skus, 6), created_at)


async def update_product(uow: UnitOfWork, product_id: UUID, *, name: str | None, description: str | None) -> bool:
    touched = await uow.execute(
        "UPDATE product SET name = coalesce($2, name), description = coalesce($3, description) WHERE id = $1",
        product_id,
        name,
        description,
    )
    return touched == 1


async def update_sku(
    uow: UnitOfWork,
    sku_id: UUID,
    *,
    name: str | None,
    price_minor: int | None,
    active: bool | None,
    sets_stock: bool,
    stock: int | None,
) -> Record | None:
    return await uow.fetchrow(_UPDATE_SKU, sku_id, name, price_minor, active, sets_stock, stock)


async def find_product(reader: Database | UnitOfWork, product_id: UUID) -> Record | None:
    return await reader.fetchrow("SELECT id, code, name, description FROM product WHERE id = $1", product_id)


async def list_products(db: Database, *, after: UUID | None, limit: int, code: str | None) -> list[Record]:
    """Those with something to buy."""
    return await db.fetch(_LIST_PRODUCTS, after or LOWEST, limit, code)


async def list_skus_of(reader: Database | UnitOfWork, product_ids: Sequence[UUID]) -> list[Record]:
    return await reader.fetch(
        f"SELECT {_SKU} FROM sku WHERE product_id = ANY($1) ORDER BY product_id, id",  # noqa: S608 - a constant of ours
        product_ids,
    )


async def find_sku(reader: Database | UnitOfWork, sku_id: UUID) -> Record | None:
    return await reader.fetchrow(f"SELECT {_SKU} FROM sku WHERE id = $1", sku_id)  # noqa: S608 - a constant of ours


async def list_skus(db: Database, *, after: UUID | None, limit: int, code: str | None) -> list[Record]:
    return await db.fetch(
        f"SELECT {_SKU} FROM sku WHERE id > $1 AND ($3::text IS NULL OR code = $3)"  # noqa: S608 - same
        " ORDER BY id LIMIT $2",
        after or LOWEST,
        limit,
        code,
    )


def _columns(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    return [[row[index] for row in rows] for index in range(count)]
