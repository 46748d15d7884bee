from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Text
from orders.placement.schemas import MOST_AGREED_LINES, AgreedQuantity

Kind = Literal["goods", "late", "duplicate", "amount_mismatch"]
Status = Literal["requested", "succeeded", "failed"]


class RefundedLine(BaseModel):
    """How many units of a line go back."""

    model_config = ConfigDict(extra="forbid")
    line_id: UUID
    quantity: AgreedQuantity


class RequestRefund(BaseModel):
    """What goes back, and why."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[Text, Field(max_length=200, description="For the records; nothing personal.")]
    lines: Annotated[list[RefundedLine], Field(min_length=1, max_length=MOST_AGREED_LINES)] | None = Field(
        None, description="Which units; null: everything that is left of the order."
    )


class RefundLineView(BaseModel):
    """What goes back of a line."""

    line_id: UUID
    quantity: int
    amount_minor: int


class RefundView(BaseModel):
    """Money on its way back 退款單."""

    id: UUID
    order_id: UUID
    kind: Kind = Field(description="`goods`: an operator asked for it; else why money was sent back by itself.")
    reason: str
    provider: str
    amount_minor: int
    currency: str
    status: Status
    attempts: int = Field(description="How often the provider was asked.")
    requested_by: UUID | None
    requested_at: datetime
    settled_at: datetime | None
    lines: list[RefundLineView]


class RefundList(BaseModel):
    """All refunds of one order."""

    items: list[RefundView]
