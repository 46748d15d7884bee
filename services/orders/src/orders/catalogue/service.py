"""The catalogue 商品: products, and the SKUs that orders buy."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from orders.catalogue import repository
from orders.catalogue.schemas import ImportedSku, NewProduct, NewSku, ProductChange, ProductView, SkuChange, SkuView
from orders.errors import CodeTaken, ImportInconsistent, ProductNotFound, SkuNotFound


async def add_product(uow: UnitOfWork, new: NewProduct) -> ProductView:
    product_id = new_id()
    try:
        await repository.insert_product(
            uow,
            product_id=product_id,
            code=new.code,
            name=new.name,
            description=new.description,
            created_at=uow.now,
        )
    except asyncpg.UniqueViolationError as error:
        raise CodeTaken(f"code: another product has the code {new.code}") from error
    skus = await _insert_skus(uow, product_id, new.skus)
    return ProductView(id=product_id, code=new.code, name=new.name, description=new.description, skus=skus)


async def add_sku(uow: UnitOfWork, product_id: UUID, new: NewSku) -> SkuView:
    if await repository.find_product(uow, product_id) is None:
        raise ProductNotFound(f"there is no product {product_id}")
    [sku] = await _insert_skus(uow, product_id, [new])
    return sku


async def _insert_skus(uow: UnitOfWork, product_id: UUID, skus: Sequence[NewSku]) -> list[SkuView]:
    rows = [(new_id(), sku.code, sku.name, sku.price_minor, sku.stock) for sku in skus]
    try:
        inserted = await repository.insert_skus(uow, product_id=product_id, skus=rows, created_at=uow.now)
    except asyncpg.UniqueViolationError as error:
        raise CodeTaken("skus: another SKU has one of these codes") from error
    return [_sku(row) for row in inserted]


async def import_skus(uow: UnitOfWork, skus: Sequence[ImportedSku]) -> list[tuple[str, UUID, UUID]]:
    """Add what is new and change what is there, by code: code, SKU and product of each, in the order given."""
    products = {sku.product_code: sku.product_name for sku in skus}
    if len({sku.code for sku in skus}) < len(skus):
        raise ImportInconsistent("skus: a code stands there twice")
    await repository.import_products(
        uow, [(new_id(), code, name) for code, name in products.items()], created_at=uow.now
    )
    rows = await repository.import_skus(
        uow,
        [(new_id(), sku.product_code, sku.code, sku.name, sku.price_minor, sku.stock) for sku in skus],
        created_at=uow.now,
    )
    by_code = {row["code"]: row for row in rows}
    return [(sku.code, by_code[sku.code]["id"], by_code[sku.code]["product_id"]) for sku in skus]


async def change_product(uow: UnitOfWork, product_id: UUID, change: ProductChange) -> ProductView:
    if not await repository.update_product(uow, product_id, name=change.name, description=change.description):
        raise ProductNotFound(f"there is no product {product_id}")
    return await get_product(uow, product_id)


async def change_sku(uow: UnitOfWork, sku_id: UUID, change: SkuChange) -> SkuView:
    row = await repository.update_sku(
        uow,
        sku_id,
        name=change.name,
        price_minor=change.price_minor,
        active=change.active,
        sets_stock="stock" in change.model_fields_set,
        stock=change.stock,
    )
    if row is None:
        raise SkuNotFound(f"there is no SKU {sku_id}")
    return _sku(row)


async def get_product(reader: Database | UnitOfWork, product_id: UUID) -> ProductView:
    row = await repository.find_product(reader, product_id)
    if row is None:
        raise ProductNotFound(f"there is no product {product_id}")
    skus = await repository.list_skus_of(reader, [product_id])
    return ProductView(**dict(row), skus=[_sku(sku) for sku in skus])


async def list_products(db: Database, *, after: UUID | None, limit: int, code: str | None) -> list[ProductView]:
    """Products with something to buy, and what of them can be bought."""
    rows = await repository.list_products(db, after=after, limit=limit, code=code)
    skus = [_sku(row) for row in await repository.list_skus_of(db, [row["id"] for row in rows]) if row["active"]]
    return [ProductView(**dict(row), skus=[sku for sku in skus if sku.product_id == row["id"]]) for row in rows]


async def get_sku(db: Database, sku_id: UUID) -> SkuView:
    row = await repository.find_sku(db, sku_id)
    if row is None:
        raise SkuNotFound(f"there is no SKU {sku_id}")
    return _sku(row)


async def list_skus(db: Database, *, after: UUID | None, limit: int, code: str | None) -> list[SkuView]:
    return [_sku(row) for row in await repository.list_skus(db, after=after, limit=limit, code=code)]


def _sku(row: Record) -> SkuView:
    return SkuView(**dict(row))
