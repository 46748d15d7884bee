from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.http.fields import Code
from members.coupons.domain import Status


class IssueCoupon(BaseModel):
    """Which coupon."""

    model_config = ConfigDict(extra="forbid")
    template: Code


class CouponView(BaseModel):
    """A coupon 優惠券 in a member's hands, with the terms it was issued with."""

    id: UUID
    template: str
    name_zh: str
    name_en: str
    value_minor: int
    minimum_spend_minor: int
    currency: str
    valid_from: datetime
    expires_at: datetime
    source: Literal["action", "claim", "operator"]
    status: Status
    issued_at: datetime
    order_id: UUID | None
