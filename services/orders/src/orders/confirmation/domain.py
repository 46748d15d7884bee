"""An order becomes certain: paid, or with nothing to pay."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.contracts.orders import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """An order that has just become certain. `payment_id` None: there was nothing to pay."""

    order_id: UUID
    member_id: UUID
    pickup_point_id: UUID
    channel: Channel
    campaign_id: UUID | None
    coupon_id: UUID | None
    discount_minor: int
    payable_minor: int
    currency: str
    payment_id: UUID | None
    confirmed_at: datetime
