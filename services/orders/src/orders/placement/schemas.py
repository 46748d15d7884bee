from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from common.http.fields import Reference
from orders.catalogue.schemas import Amount, ItemCode
from orders.quotes.domain import LARGEST_ORDER_MINOR
from orders.quotes.schemas import QuoteRequest

# What is imported has larger lines (fuel by the hundredth of a litre) and longer baskets.
LARGEST_AGREED_QUANTITY, MOST_AGREED_LINES = 1_000_000, 300

AgreedQuantity = Annotated[int, Field(strict=True, ge=1, le=LARGEST_AGREED_QUANTITY, examples=[1])]


class PlaceOrder(QuoteRequest):
    """What to order, at the price that was quoted."""

    payable_minor: Annotated[
        int,
        Field(
            strict=True,
            ge=0,
            le=LARGEST_ORDER_MINOR,
            description="What the quote said is payable; another price is refused with the new quote.",
        ),
    ]


class AssistedLine(BaseModel):
    """How many of a SKU, for which amount in all."""

    model_config = ConfigDict(extra="forbid")
    sku_id: UUID
    quantity: Annotated[
        int, Field(strict=True, ge=0, le=LARGEST_AGREED_QUANTITY, description="0, as some sources say, counts as 1.")
    ]
    amount_minor: Annotated[Amount, Field(description="What was agreed on for the whole line.")]


class PlaceAssistedOrder(BaseModel):
    """An order on a member's behalf 代客下單, at agreed amounts."""

    model_config = ConfigDict(extra="forbid")
    member_id: UUID
    pickup_point_id: UUID
    lines: Annotated[list[AssistedLine], Field(min_length=1, max_length=MOST_AGREED_LINES)]
    campaign_id: UUID | None = None
    coupon_id: UUID | None = Field(None, description="One of that member's coupons.")
    collected: StrictBool = Field(
        default=False, description="The operator has taken the money by hand: the order is paid."
    )
    source: ItemCode | None = Field(None, description="The system that the order comes from; with `placed_reference`.")
    placed_reference: Reference | None = Field(
        None, description="The order's name in that system: placing it again gives the same order."
    )

    @model_validator(mode="after")
    def _reference_with_source(self) -> Self:
        if (self.source is None) != (self.placed_reference is None):
            raise ValueError("source and placed_reference: give both or neither")
        return self
