from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from orders.adapters.providers import DEVELOPMENT
from orders.payments.domain import ExceptionKind

Status = Literal["submitted", "paid", "closed", "unknown"]


class BeginPayment(BaseModel):
    """Which provider to pay by."""

    model_config = ConfigDict(extra="forbid")
    provider: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$", examples=[DEVELOPMENT])] = DEVELOPMENT


class PaymentView(BaseModel):
    """An attempt to pay."""

    id: UUID
    order_id: UUID
    provider: str
    amount_minor: int
    currency: str
    status: Status
    created_at: datetime
    settled_at: datetime | None = None


class PaymentList(BaseModel):
    """Every attempt to pay one order."""

    items: list[PaymentView]


class OpenPaymentView(PaymentView):
    """An attempt to pay, with what a front end needs to let the member pay."""

    instructions: dict[str, str] = Field(description="As the provider defines them; in development a `token`.")


class CallbackAnswer(BaseModel):
    """The callback has been booked; say it no more."""

    status: Literal["ok"] = "ok"


class PaymentExceptionView(BaseModel):
    """Money that no order wanted, and what became of it."""

    id: UUID
    kind: ExceptionKind
    provider: str
    transaction_id: str
    payment_id: UUID
    order_id: UUID | None
    refund_id: UUID | None
    refund_status: Literal["requested", "succeeded", "failed"] | None
    amount_minor: int
    currency: str
    noted_at: datetime
