from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from orders.fields import Amount, Body, Count, ItemCode, Name, Remark

Stock = Annotated[Count, Field(description="Units that can be bought now; null: not tracked.")]


class NewSku(Body):
    """A unit that can be bought."""

    code: ItemCode
    name: Name
    price_minor: Amount
    stock: Stock | None = None


class NewProduct(Body):
    """A product 商品 with its SKUs."""

    code: ItemCode
    name: Name
    description: Remark = ""
    skus: Annotated[list[NewSku], Field(default_factory=list, max_length=100)]


class ProductChange(Body):
    """What to change of a product; what is not named stays."""

    name: Name | None = None
    description: Remark | None = None


class SkuChange(Body):
    """What to change of a SKU; what is not named stays."""

    name: Name | None = None
    price_minor: Amount | None = None
    stock: Stock | None = Field(None, description="Units that can be bought from now on; null: not tracked any more.")
    active: Annotated[bool, Field(strict=True, description="Whether it can be bought.")] | None = None


class ImportedSku(NewSku):
    """A SKU with the code of its product."""

    product_code: ItemCode
    product_name: Name


class CatalogueImport(Body):
    """SKUs of another system, with its codes."""

    skus: Annotated[list[ImportedSku], Field(min_length=1, max_length=1000)]


class SkuView(BaseModel):
    """A unit that can be bought."""

    id: UUID
    product_id: UUID
    code: str
    name: str
    price_minor: int
    stock: int | None = Field(description="Units that can be bought now; null: not tracked.")
    active: bool


class ProductView(BaseModel):
    """A product 商品 with its SKUs."""

    id: UUID
    code: str
    name: str
    description: str
    skus: list[SkuView]


class ImportedSkuView(BaseModel):
    """What a SKU of the other system is here."""

    code: str
    sku_id: UUID
    product_id: UUID


class ImportAnswer(BaseModel):
    """The SKUs in the order in which they were given."""

    skus: list[ImportedSkuView]
