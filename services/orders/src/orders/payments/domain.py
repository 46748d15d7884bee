"""What a payment means for its order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from common.contracts.orders import Channel

ExceptionKind = Literal["late", "duplicate", "amount_mismatch", "unknown_payment"]


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


def why_unwanted(
    *, order_status: str, payable_minor: int, currency: str, paid_minor: int, paid_currency: str
) -> ExceptionKind:
    """Why money that did not confirm its order is to go back."""
    if (paid_minor, paid_currency) != (payable_minor, currency):
        return "amount_mismatch"
    return "late" if order_status == "cancelled" else "duplicate"
