from uuid import UUID

from fastapi import APIRouter, Depends, Response

from common.auth.access import Operator, public
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from orders.catalogue import service
from orders.catalogue.schemas import (
    ByCode,
    CatalogueImport,
    ImportAnswer,
    ImportedSkuView,
    NewProduct,
    NewSku,
    ProductChange,
    ProductView,
    SkuChange,
    SkuView,
)

router = APIRouter(tags=["catalogue"])


@router.post("/products", operation_id="create_product", status_code=201, response_model=ProductView)
async def create_product(body: NewProduct, _: Operator, db: Db, key: OnceKey) -> Response:
    """Add a product 商品, with its SKUs."""

    async def action(uow: UnitOfWork) -> ProductView:
        return await service.add_product(uow, body)

    return await run_once(db, key, action)


@router.post("/products/{product_id}/skus", operation_id="create_sku", status_code=201, response_model=SkuView)
async def create_sku(product_id: UUID, body: NewSku, _: Operator, db: Db, key: OnceKey) -> Response:
    """Add a SKU to a product."""

    async def action(uow: UnitOfWork) -> SkuView:
        return await service.add_sku(uow, product_id, body)

    return await run_once(db, key, action)


@router.post("/catalogue-imports", operation_id="import_catalogue", status_code=201, response_model=ImportAnswer)
async def import_catalogue(body: CatalogueImport, _: Operator, db: Db, key: OnceKey) -> Response:
    """Add or change SKUs by their codes, and the products that they belong to."""

    async def action(uow: UnitOfWork) -> ImportAnswer:
        imported = await service.import_skus(uow, body.skus)
        return ImportAnswer(
            skus=[
                ImportedSkuView(code=code, sku_id=sku_id, product_id=product_id)
                for code, sku_id, product_id in imported
            ]
        )

    return await run_once(db, key, action)


@router.patch("/products/{product_id}", operation_id="change_product")
async def change_product(product_id: UUID, body: ProductChange, _: Operator, db: Db) -> ProductView:
    """Change what a product is called and how it is described."""
    async with db.transaction() as uow:
        return await service.change_product(uow, product_id, body)


@router.patch("/skus/{sku_id}", operation_id="change_sku")
async def change_sku(sku_id: UUID, body: SkuChange, _: Operator, db: Db) -> SkuView:
    """Change a SKU: its name, its price, how many can be bought, whether any can."""
    async with db.transaction() as uow:
        return await service.change_sku(uow, sku_id, body)


@router.get("/products", operation_id="list_products", dependencies=[Depends(public)])
async def list_products(db: Db, pages: PageQuery, code: ByCode = None) -> Page[ProductView]:
    """Products that can be bought, with their SKUs."""
    products = await service.list_products(db, after=pages.after, limit=pages.limit, code=code)
    return page(products, limit=pages.limit, last_id=products[-1].id if products else None)


@router.get("/products/{product_id}", operation_id="get_product", dependencies=[Depends(public)])
async def get_product(product_id: UUID, db: Db) -> ProductView:
    """One product with all its SKUs."""
    return await service.get_product(db, product_id)


@router.get("/skus", operation_id="list_skus")
async def list_skus(db: Db, _: Operator, pages: PageQuery, code: ByCode = None) -> Page[SkuView]:
    """All SKUs, also those that cannot be bought."""
    skus = await service.list_skus(db, after=pages.after, limit=pages.limit, code=code)
    return page(skus, limit=pages.limit, last_id=skus[-1].id if skus else None)


@router.get("/skus/{sku_id}", operation_id="get_sku", dependencies=[Depends(public)])
async def get_sku(sku_id: UUID, db: Db) -> SkuView:
    """One SKU."""
    return await service.get_sku(db, sku_id)
