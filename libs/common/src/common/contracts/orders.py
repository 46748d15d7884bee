"""Orders 訂單: an order's steps, and coupons as spent."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from common.contracts.event import CouponId, Currency, Event, MemberId, Minor, Moment, OrderId

Channel = Literal["self", "assisted"]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line; `amount_minor` is what the line costs before order discounts."""

    line_id: UUID
    sku_id: UUID
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    amount_minor: Minor


class OrderCreated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order was placed: stock and coupon are held, nothing is paid."""

    NAME: ClassVar[str] = "order.created"
    order_id: OrderId
    member_id: MemberId
    pickup_point_id: UUID
    channel: Channel
    lines: list[OrderLine]
    items_minor: Minor
    discount_minor: Minor
    payable_minor: Minor
    currency: Currency
    created_at: Moment
    campaign_id: UUID | None = None
    coupon_id: CouponId | None = None
    pay_deadline: Moment | None = None


class OrderPaid(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Money for an order was received."""

    NAME: ClassVar[str] = "order.paid"
    order_id: OrderId
    member_id: MemberId
    payment_id: UUID
    amount_minor: Minor
    currency: Currency
    paid_at: Moment


class OrderConfirmed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order stands: paid, or nothing to pay. What "orders" counts, together with order.voided."""

    NAME: ClassVar[str] = "order.confirmed"
    order_id: OrderId
    member_id: MemberId
    amount_minor: Minor
    currency: Currency
    pickup_point_id: UUID
    channel: Channel
    confirmed_at: Moment
    campaign_id: UUID | None = None


class OrderCancelled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order ended before it was paid; stock and coupon are free again."""

    NAME: ClassVar[str] = "order.cancelled"
    order_id: OrderId
    member_id: MemberId
    reason: Literal["member", "operator", "timeout"]
    cancelled_at: Moment


class OrderPickedUp(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order was handed over at its pick-up point 自提點 (核銷)."""

    NAME: ClassVar[str] = "order.picked_up"
    order_id: OrderId
    member_id: MemberId
    pickup_point_id: UUID
    picked_up_at: Moment


class OrderRefunded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Money went back to the member; `full` when nothing of the payment is left."""

    NAME: ClassVar[str] = "order.refunded"
    order_id: OrderId
    member_id: MemberId
    refund_id: UUID
    amount_minor: Minor
    currency: Currency
    full: bool
    refunded_at: Moment


class OrderVoided(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A confirmed order no longer counts; `confirmed_at` and the amount are those of the confirmation it undoes."""

    NAME: ClassVar[str] = "order.voided"
    order_id: OrderId
    member_id: MemberId
    amount_minor: Minor
    currency: Currency
    confirmed_at: Moment
    voided_at: Moment
    reason: Literal["cancelled", "refunded"]


class CouponRedeemed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A coupon was spent on a confirmed order."""

    NAME: ClassVar[str] = "coupon.redeemed"
    coupon_id: CouponId
    member_id: MemberId
    order_id: OrderId
    discount_minor: Minor
    currency: Currency


class CouponReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A coupon held or spent by an order is the member's to use again."""

    NAME: ClassVar[str] = "coupon.released"
    coupon_id: CouponId
    member_id: MemberId
    order_id: OrderId


class CouponExpired(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A coupon ran out unused."""

    NAME: ClassVar[str] = "coupon.expired"
    coupon_id: CouponId
    member_id: MemberId
    expired_at: Moment


class CouponRevoked(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A coupon that its issuer recalled was unspent, and cannot be spent any more."""

    NAME: ClassVar[str] = "coupon.revoked"
    coupon_id: CouponId
    member_id: MemberId
    revoked_at: Moment


class CouponRetained(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A coupon that its issuer recalled stays as it is: an order holds it or has spent it, or it had run out."""

    NAME: ClassVar[str] = "coupon.retained"
    coupon_id: CouponId
    member_id: MemberId
    reason: Literal["spent", "expired"]
