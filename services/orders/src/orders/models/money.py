"""Money as providers say it moved."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from common.models import Moment
from orders.models.base import Base, big


class Payment(Base, table=True):
    """An attempt to pay 支付單. `unknown`: the provider cannot say; only asking it again moves the attempt on."""

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
    settled_at: datetime | None = Field(default=None, sa_type=Moment)


class PaymentCallback(Base, table=True):
    """What a provider told us, once however often it tells it."""

    __tablename__ = "payment_callback"
    provider: str = Field(primary_key=True)
    transaction_id: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    payment_id: UUID
    amount_minor: int = big()
    currency: str
    received_at: datetime = Field(sa_type=Moment)


class PaymentException(Base, table=True):
    """Money that no order wants: it came late, twice, in another amount, or for a payment that we do not know."""

    __tablename__ = "payment_exception"
    __table_args__ = (
        CheckConstraint("kind IN ('late', 'duplicate', 'amount_mismatch', 'unknown_payment')", name="kind"),
        CheckConstraint("(kind = 'unknown_payment') = (refund_id IS NULL)", name="refund"),
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
