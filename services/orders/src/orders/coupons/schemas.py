from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

Status = Literal["issued", "locked", "redeemed", "expired", "revoked"]


class CouponView(BaseModel):
    """A coupon 優惠券 as it may be spent."""

    id: UUID
    template: str
    value_minor: int
    minimum_spend_minor: int
    currency: str
    valid_from: datetime
    expires_at: datetime
    status: Status
    order_id: UUID | None = Field(description="The order that holds it or has spent it.")
