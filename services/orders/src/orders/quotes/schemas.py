from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

LARGEST_QUANTITY, MOST_LINES = 10_000, 100

Quantity = Annotated[int, Field(strict=True, ge=1, le=LARGEST_QUANTITY, examples=[1])]


class WantedLine(BaseModel):
    """How many of a SKU."""

    model_config = ConfigDict(extra="forbid")
    sku_id: UUID
    quantity: Quantity = 1


class QuoteRequest(BaseModel):
    """What an order would consist of."""

    model_config = ConfigDict(extra="forbid")
    pickup_point_id: UUID
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=MOST_LINES)]
    campaign_id: UUID | None = Field(None, description="The campaign to buy in; every line must be in it.")
    coupon_id: UUID | None = Field(None, description="One of the member's coupons.")


class QuotedLine(BaseModel):
    """A line's price."""

    sku_id: UUID
    quantity: int
    unit_price_minor: int | None
    amount_minor: int
    discount_minor: int


class QuoteView(BaseModel):
    """What an order costs now."""

    lines: list[QuotedLine]
    currency: str
    items_minor: int
    discount_minor: int
    payable_minor: int
    coupon_id: UUID | None
