"""Orders, what they consist of, and the coupons that they spend."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from common.models import Moment
from orders.models.base import Base, big

_STATUS = "status IN ('pending_payment', 'confirmed', 'picked_up', 'cancelled', 'refunded')"
# What each status says of the money; CASE gives null, which a CHECK lets pass, for a status that `_STATUS` refuses anyway.
_STANDING = """
CASE status
    WHEN 'pending_payment' THEN confirmed_at IS NULL AND paid_minor = 0 AND pay_deadline IS NOT NULL
    WHEN 'confirmed' THEN confirmed_at IS NOT NULL AND paid_minor = payable_minor
    WHEN 'picked_up' THEN confirmed_at IS NOT NULL AND paid_minor = payable_minor
    WHEN 'cancelled' THEN paid_minor = 0
    WHEN 'refunded' THEN confirmed_at IS NOT NULL AND paid_minor = payable_minor AND refunded_minor = paid_minor
END
"""


class Order(Base, table=True):
    """An order 訂單. `refunded_minor` counts what refunds have claimed, `open_refunds` those not settled yet."""

    __tablename__ = "orders"  # ORDER is a word of SQL
    __table_args__ = (
        CheckConstraint(_STATUS, name="status"),
        CheckConstraint("channel IN ('self', 'assisted')", name="channel"),
        CheckConstraint(
            "discount_minor >= 0 AND payable_minor >= 0 AND payable_minor = items_minor - discount_minor",
            name="payable",
        ),
        CheckConstraint(
            "paid_minor IN (0, payable_minor) AND refunded_minor BETWEEN 0 AND paid_minor", name="refunded"
        ),
        CheckConstraint(_STANDING, name="standing"),
        CheckConstraint(
            "(voided_at IS NOT NULL) = (confirmed_at IS NOT NULL AND status IN ('cancelled', 'refunded'))",
            name="voided",
        ),
        CheckConstraint("open_payment_id IS NULL OR status = 'pending_payment'", name="open_payment"),
        CheckConstraint(
            "open_refunds = 0 OR (open_refunds > 0 AND status IN ('confirmed', 'picked_up'))", name="open_refunds"
        ),
        CheckConstraint("(source IS NULL) = (placed_reference IS NULL)", name="reference"),
        Index(None, "member_id", "id"),
        Index(None, "campaign_id", "id", postgresql_where=text("campaign_id IS NOT NULL")),
        Index(None, "created_at", postgresql_using="brin"),
        Index(
            "uq_orders_reference",
            "source",
            "placed_reference",
            unique=True,
            postgresql_where=text("source IS NOT NULL"),
        ),
    )
    id: UUID = Field(primary_key=True)
    member_id: UUID
    channel: str
    status: str
    pickup_point_id: UUID = Field(foreign_key="orders.pickup_point.id")
    campaign_id: UUID | None = Field(default=None, foreign_key="orders.campaign.id")
    coupon_id: UUID | None = None
    currency: str
    items_minor: int = big()
    discount_minor: int = big()
    payable_minor: int = big()
    paid_minor: int = big()
    refunded_minor: int = big()
    open_payment_id: UUID | None = None
    payment_id: UUID | None = None
    open_refunds: int
    pickup_code: str = Field(unique=True)
    placed_by: UUID
    source: str | None = None
    placed_reference: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    pay_deadline: datetime | None = Field(default=None, sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    picked_up_at: datetime | None = Field(default=None, sa_type=Moment)
    cancelled_at: datetime | None = Field(default=None, sa_type=Moment)
    voided_at: datetime | None = Field(default=None, sa_type=Moment)


class OrderLine(Base, table=True):
    """A line. `unit_price_minor` null: the amount was agreed. Whether stock and cap were taken is kept here, so that exactly
    what was taken is given back. SKUs are never deleted: no foreign key, which would lock a popular row for every buyer.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity"),
        CheckConstraint("discount_minor BETWEEN 0 AND amount_minor", name="discount"),
        CheckConstraint("refunded_quantity BETWEEN 0 AND quantity", name="refunded_quantity"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor - discount_minor", name="refunded"),
    )
    order_id: UUID = Field(primary_key=True, foreign_key="orders.orders.id")
    line_id: UUID = Field(primary_key=True)
    sku_id: UUID
    quantity: int
    unit_price_minor: int | None = big(default=None)
    amount_minor: int = big()
    discount_minor: int = big()
    refunded_quantity: int
    refunded_minor: int = big()
    takes_stock: bool
    takes_cap: bool


class OrderAdjustment(Base, table=True):
    """Why a line costs less: its share of one discount."""

    __tablename__ = "order_adjustment"
    __table_args__ = (
        CheckConstraint("source IN ('coupon')", name="source"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )
    order_id: UUID = Field(primary_key=True, foreign_key="orders.orders.id")
    line_id: UUID = Field(primary_key=True)
    source: str = Field(primary_key=True)
    source_id: UUID = Field(primary_key=True)
    amount_minor: int = big()


class OrderTransition(Base, table=True):
    """A change of status. No status is entered twice, which the key says. `actor` null: the system."""

    __tablename__ = "order_transition"
    order_id: UUID = Field(primary_key=True, foreign_key="orders.orders.id")
    to_status: str = Field(primary_key=True)
    from_status: str | None = None
    actor: UUID | None = None
    reason: str
    at: datetime = Field(sa_type=Moment)


class Coupon(Base, table=True):
    """A coupon 優惠券 as it may be spent: members issue it, orders spend it."""

    __tablename__ = "coupon"
    __table_args__ = (
        CheckConstraint("status IN ('issued', 'locked', 'redeemed', 'expired')", name="status"),
        CheckConstraint("(status IN ('locked', 'redeemed')) = (order_id IS NOT NULL)", name="order"),
        CheckConstraint("value_minor >= 0 AND minimum_spend_minor >= 0", name="terms"),
        Index(None, "member_id", "id"),
        Index("uq_coupon_order_id", "order_id", unique=True, postgresql_where=text("order_id IS NOT NULL")),
    )
    id: UUID = Field(primary_key=True)
    member_id: UUID
    template: str
    value_minor: int = big()
    minimum_spend_minor: int = big()
    currency: str
    valid_from: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    status: str
    order_id: UUID | None = Field(default=None, foreign_key="orders.orders.id")
    changed_at: datetime = Field(sa_type=Moment)
