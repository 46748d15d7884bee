from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from common.http.fields import Reference
from orders.catalogue.schemas import Amount, ItemCode

LARGEST_QUANTITY = 1_000_000
MOST_LINES = 200

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


class PlaceOrder(QuoteRequest):
    """What to order, at the price that was quoted."""

    payable_minor: Annotated[
        Amount, Field(description="What the quote said is payable; another price is refused with the new quote.")
    ]


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


class AssistedLine(BaseModel):
    """How many of a SKU, for which amount in all."""

    model_config = ConfigDict(extra="forbid")
    sku_id: UUID
    quantity: Annotated[
        int, Field(strict=True, ge=0, le=LARGEST_QUANTITY, description="0, as some sources say, counts as 1.")
    ]
    amount_minor: Annotated[Amount, Field(description="What was agreed on for the whole line.")]


class PlaceAssistedOrder(BaseModel):
    """An order on a member's behalf 代客下單, at agreed amounts."""

    model_config = ConfigDict(extra="forbid")
    member_id: UUID
    pickup_point_id: UUID
    lines: Annotated[list[AssistedLine], Field(min_length=1, max_length=MOST_LINES)]
    campaign_id: UUID | None = None
    coupon_id: UUID | None = Field(None, description="One of that member's coupons.")
    collected: StrictBool = Field(
        default=False, description="The operator has taken the money by hand: the order is paid."
    )
    source: ItemCode | None = Field(None, description="The system that the order comes from; with `placed_reference`.")
    placed_reference: Reference | None = Field(
        None, description="The order's name in that system: placing it again gives the same order."
    )
