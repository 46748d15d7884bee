from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from common.http.fields import Text

Name = Annotated[Text, Field(max_length=200)]
Remark = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
"""Free text that may be empty."""
ItemCode = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"),
    Field(description="What it is called in the business: short, unique among its kind.", examples=["A-1"]),
]
ByCode = Annotated[ItemCode | None, Query(description="Only the one with this code.")]
Amount = Annotated[int, Field(strict=True, ge=0, le=10**12, description="Money in minor units (分).", examples=[1990])]

Stock = Annotated[
    int, Field(strict=True, ge=0, le=10**12, description="Units that can be bought now; null: not tracked.")
]


class NewSku(BaseModel):
    """A unit that can be bought."""

    model_config = ConfigDict(extra="forbid")
    code: ItemCode
    name: Name
    price_minor: Amount
    stock: Stock | None = None


class NewProduct(BaseModel):
    """A product 商品 with its SKUs."""

    model_config = ConfigDict(extra="forbid")
    code: ItemCode
    name: Name
    description: Remark = ""
    skus: Annotated[list[NewSku], Field(default_factory=list, max_length=100)]


class ProductChange(BaseModel):
    """What to change of a product; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    description: Remark | None = None


class SkuChange(BaseModel):
    """What to change of a SKU; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    price_minor: Amount | None = None
    stock: Stock | None = Field(None, description="Units that can be bought from now on; null: not tracked any more.")
    active: StrictBool | None = Field(None, description="Whether it can be bought.")


class ImportedSku(NewSku):
    """A SKU with the code of its product."""

    product_code: ItemCode
    product_name: Name


class CatalogueImport(BaseModel):
    """SKUs of another system, with its codes."""

    model_config = ConfigDict(extra="forbid")
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
