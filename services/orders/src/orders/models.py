"""The tables of orders. The log's own tables are in `common.bus.tables`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from common.models import Moment, service_metadata

metadata = service_metadata("orders")


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass


def big(**options: Any) -> Any:
    """A BIGINT: money in minor units, or a count."""
    return Field(sa_type=BigInteger, **options)


class Product(Base, table=True):
    """A product 商品: what its SKUs have in common."""

    __tablename__ = "product"
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    description: str = ""
    created_at: datetime = Field(sa_type=Moment)


class Sku(Base, table=True):
    """A unit that can be bought. `supplied` units came in, `reserved` are held by unpaid orders, `sold` are paid for; the
    rest is the stock 庫存. `supplied` null: stock is not tracked.
    """

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("reserved >= 0 AND sold >= 0 AND reserved + sold <= supplied", name="stock"),
    )
    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="orders.product.id", index=True)
    code: str = Field(unique=True)
    name: str
    price_minor: int = big()
    supplied: int | None = big(default=None)
    reserved: int = big(default=0)
    sold: int = big(default=0)
    active: bool
    created_at: datetime = Field(sa_type=Moment)


class PickupPoint(Base, table=True):
    """A pick-up point 自提點."""

    __tablename__ = "pickup_point"
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    address: str = ""
    active: bool
    created_at: datetime = Field(sa_type=Moment)


class PickupClerk(Base, table=True):
    """A clerk 店員 may hand over orders at this point."""

    __tablename__ = "pickup_clerk"
    point_id: UUID = Field(primary_key=True, foreign_key="orders.pickup_point.id")
    member_id: UUID = Field(primary_key=True, index=True)
    assigned_at: datetime = Field(sa_type=Moment)


class Campaign(Base, table=True):
    """A group-buying campaign 團購活動: one window 團期, its goods at its prices."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'closed', 'cancelled')", name="status"),
        CheckConstraint("opens_at < closes_at", name="window"),
    )
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    status: str
    opens_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(sa_type=Moment)
    coupons_allowed: bool
    created_at: datetime = Field(sa_type=Moment)


class CampaignSku(Base, table=True):
    """What a campaign sells: at which price, and how many at most (`cap` null: as many as there are)."""

    __tablename__ = "campaign_sku"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("reserved >= 0 AND sold >= 0 AND reserved + sold <= cap", name="cap"),
    )
    campaign_id: UUID = Field(primary_key=True, foreign_key="orders.campaign.id")
    sku_id: UUID = Field(primary_key=True, foreign_key="orders.sku.id", index=True)
    price_minor: int = big()
    cap: int | None = big(default=None)
    reserved: int = big(default=0)
    sold: int = big(default=0)


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
        CheckConstraint("quantity BETWEEN 1 AND 100000000", name="quantity"),
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
        CheckConstraint("status IN ('issued', 'locked', 'redeemed', 'expired', 'revoked')", name="status"),
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


class Payment(Base, table=True):
    """An attempt to pay 支付單. `unknown`: the provider cannot say; only asking it again moves the attempt on. `asked_at`: when it
    was last asked what became of an attempt that nobody has answered for in time.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("status IN ('submitted', 'paid', 'closed', 'unknown')", name="status"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(status = 'paid') = (transaction_id IS NOT NULL)", name="transaction"),
        CheckConstraint("(status IN ('paid', 'closed')) = (settled_at IS NOT NULL)", name="settled"),
        Index(None, "order_id"),
        Index("uq_payment_open", "order_id", unique=True, postgresql_where=text("status IN ('submitted', 'unknown')")),
    )
    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="orders.orders.id")
    provider: str
    amount_minor: int = big()
    currency: str
    status: str
    transaction_id: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    asked_at: datetime | None = Field(default=None, sa_type=Moment)
    settled_at: datetime | None = Field(default=None, sa_type=Moment)


class PaymentCallback(Base, table=True):
    """Money that a provider says it received, once however often it says so."""

    __tablename__ = "payment_callback"
    provider: str = Field(primary_key=True)
    transaction_id: str = Field(primary_key=True)
    payment_id: UUID
    amount_minor: int = big()
    currency: str
    received_at: datetime = Field(sa_type=Moment)


class PaymentException(Base, table=True):
    """Money that no order wants: it came late, twice, in another amount, or for a payment that we do not know."""

    __tablename__ = "payment_exception"
    __table_args__ = (
        CheckConstraint("kind IN ('late', 'duplicate', 'amount_mismatch', 'unknown_payment')", name="kind"),
        CheckConstraint("(kind = 'unknown_payment' OR amount_minor = 0) = (refund_id IS NULL)", name="refund"),
        UniqueConstraint("provider", "transaction_id"),
    )
    id: UUID = Field(primary_key=True)
    kind: str
    provider: str
    transaction_id: str
    payment_id: UUID
    order_id: UUID | None = Field(default=None, foreign_key="orders.orders.id", index=True)
    refund_id: UUID | None = Field(default=None, foreign_key="orders.refund.id")
    amount_minor: int = big()
    currency: str
    noted_at: datetime = Field(sa_type=Moment)


class Refund(Base, table=True):
    """Money on its way back 退款單. Its id is the number the provider knows it by: a repeat never pays twice."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("kind IN ('goods', 'late', 'duplicate', 'amount_mismatch')", name="kind"),
        CheckConstraint("status IN ('requested', 'succeeded', 'failed')", name="status"),
        CheckConstraint("(status = 'requested') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("amount_minor > 0", name="amount"),
        UniqueConstraint("order_id", "reason_key"),
        Index("ix_refund_due", "next_try_at", postgresql_where=text("status = 'requested'")),
    )
    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="orders.orders.id")
    kind: str
    reason_key: str
    reason: str
    provider: str
    payment_id: UUID
    transaction_id: str
    amount_minor: int = big()
    currency: str
    status: str
    attempts: int
    requested_by: UUID | None = None
    requested_at: datetime = Field(sa_type=Moment)
    next_try_at: datetime = Field(sa_type=Moment)
    settled_at: datetime | None = Field(default=None, sa_type=Moment)


class RefundLine(Base, table=True):
    """What of an order a refund takes back."""

    __tablename__ = "refund_line"
    __table_args__ = (CheckConstraint("quantity >= 1 AND amount_minor >= 0", name="amounts"),)
    refund_id: UUID = Field(primary_key=True, foreign_key="orders.refund.id")
    line_id: UUID = Field(primary_key=True)
    quantity: int
    amount_minor: int = big()
