from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from common.contracts.orders import Channel

Status = Literal["pending_payment", "confirmed", "picked_up", "cancelled", "refunded"]


class OrderLineView(BaseModel):
    """A line of an order."""

    id: UUID
    sku_id: UUID
    quantity: int
    unit_price_minor: int | None = Field(description="Null when the line's amount was agreed on.")
    amount_minor: int
    discount_minor: int = Field(description="The line's share of the order's discount.")
    refunded_quantity: int = 0
    refunded_minor: int = 0


class OrderSummary(BaseModel):
    """An order 訂單, without its lines."""

    id: UUID
    member_id: UUID
    channel: Channel
    status: Status
    pickup_point_id: UUID
    campaign_id: UUID | None
    coupon_id: UUID | None
    currency: str
    items_minor: int
    discount_minor: int
    payable_minor: int
    paid_minor: int
    refunded_minor: int = Field(description="Paid back, or on its way back.")
    source: str | None
    placed_reference: str | None
    created_at: datetime
    pay_deadline: datetime | None
    confirmed_at: datetime | None
    picked_up_at: datetime | None
    cancelled_at: datetime | None


class OrderView(OrderSummary):
    """An order with its lines."""

    lines: list[OrderLineView]
    pickup_code: str | None = Field(
        description="What to show at the pick-up point 取貨碼; only to its owner, while the order can be picked up."
    )


class TransitionView(BaseModel):
    """A change of an order's status."""

    from_status: Status | None
    to_status: Status
    actor: UUID | None = Field(description="Who did it; null: the system.")
    reason: str
    at: datetime


class TransitionList(BaseModel):
    """Everything that happened to an order, in order."""

    items: list[TransitionView]


class SkuTotal(BaseModel):
    """What was ordered of a SKU in a campaign."""

    sku_id: UUID
    orders: int
    quantity: int = Field(description="Units that stand: confirmed or picked up, without what was refunded.")
    unpaid_quantity: int = Field(description="Units held by orders that are not paid.")


class CampaignTotals(BaseModel):
    """What to buy for a campaign 彙總."""

    items: list[SkuTotal]
