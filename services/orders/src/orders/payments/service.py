"""Paying: attempts, what providers say of them, and orders confirmed by money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from common.connection import Record
from common.db import Database, UnitOfWork
from common.errors import Unavailable
from common.ids import new_id
from orders.adapters.providers import Notice, Outcome, PaymentProvider
from orders.confirmation.domain import Confirmation
from orders.confirmation.service import tell_confirmed
from orders.errors import OrderNotFound, OrderNotPayable, PayDeadlinePassed, PaymentProviderUnknown
from orders.metrics import OrderMetrics
from orders.payments import repository
from orders.payments.domain import ExceptionKind, Unwelcome, why_unwanted
from orders.payments.schemas import PaymentExceptionView, PaymentView, Status
from orders.refunds import service as refunds
from orders.refunds.service import Unwanted
from orders.resources import Resources

log = structlog.get_logger(__name__)

AT_ONCE = 50
ASK_AGAIN = timedelta(minutes=1)
"""After which a provider is asked again about an attempt that it could not tell about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An open attempt to pay 支付單."""

    payment_id: UUID
    order_id: UUID
    provider: str
    amount_minor: int
    currency: str
    status: Status
    created_at: datetime


def provider_of(providers: Mapping[str, PaymentProvider], name: str) -> PaymentProvider:
    found = providers.get(name)
    if found is None:
        known = ", ".join(providers) or "none is set up"
        raise PaymentProviderUnknown(f"provider: there is no {name!r} here ({known})")
    return found


async def begin(uow: UnitOfWork, *, order_id: UUID, member_id: UUID | None, provider: str) -> Attempt:
    """The order's open attempt, made if there was none. `member_id` None: whoever's order it is."""
    opened = await repository.open_payment(
        uow, order_id=order_id, payment_id=new_id(), member_id=member_id, provider=provider
    )
    if opened is not None:
        return _attempt(opened)
    row = await repository.find_open(uow, order_id=order_id, member_id=member_id)
    if row is None:
        raise OrderNotFound(f"there is no order {order_id}")
    if row["order_status"] != "pending_payment":
        raise OrderNotPayable(f"the order is {row['order_status']}")
    if row["id"] is None:
        raise PayDeadlinePassed(f"the order had to be paid by {row['pay_deadline'].isoformat()}")
    return _attempt(row)


async def receive(db: Database, resources: Resources, notice: Notice, *, provider: str) -> None:
    """Book what a provider said, and send back at once what nobody wanted."""
    async with db.transaction() as uow:
        refund_id = await book(uow, notice, provider=provider, metrics=resources.metrics)
    if refund_id is not None:
        await refunds.send_due(db, resources.providers, only=[refund_id])


async def book(uow: UnitOfWork, notice: Notice, *, provider: str, metrics: OrderMetrics) -> UUID | None:
    """Book what a provider said, once however often it says it. The refund of money that nobody wanted, if it was that."""
    if notice.outcome != "paid":
        await _note_unpaid(uow, notice, provider=provider)
        return None
    row = await repository.confirm(uow, notice, provider=provider)
    if row["order_id"] is not None:
        tell_confirmed(uow, _confirmation(row, payment_id=notice.payment_id, at=uow.now), metrics=metrics)
        return None
    return await _except(uow, notice, provider=provider) if row["noted"] else None


async def _note_unpaid(uow: UnitOfWork, notice: Notice, *, provider: str) -> None:
    """`unknown` releases nothing: it only says that the attempt cannot be counted on."""
    attempt = await repository.lock(uow, notice.payment_id, provider=provider)
    if attempt is None or attempt["status"] in {"paid", "closed"}:
        return
    await repository.mark(uow, notice.payment_id, status=notice.outcome, transaction_id=None)


async def _except(uow: UnitOfWork, notice: Notice, *, provider: str) -> UUID | None:
    """Note money that confirmed nothing, and send it back; what belongs to no attempt of ours waits for a person."""
    attempt = await repository.lock(uow, notice.payment_id, provider=provider)
    kind: ExceptionKind = "unknown_payment"
    refund_id = None
    if attempt is not None:
        kind = reason = why_unwanted(
            order_status=attempt["order_status"],
            amount_minor=attempt["amount_minor"],
            currency=attempt["currency"],
            paid_minor=notice.amount_minor,
            paid_currency=notice.currency,
        )
        if notice.amount_minor:
            refund_id = await refunds.send_back(uow, _unwanted(notice, reason, attempt, provider=provider))
        mismatched = kind == "amount_mismatch"
        await repository.mark(
            uow,
            notice.payment_id,
            status="closed" if mismatched else "paid",
            transaction_id=None if mismatched else notice.transaction_id,
        )
    await repository.insert_exception(
        uow,
        notice,
        exception_id=new_id(),
        kind=kind,
        provider=provider,
        order_id=attempt["order_id"] if attempt is not None else None,
        refund_id=refund_id,
    )
    log.warning("payment unwanted", kind=kind, payment_id=str(notice.payment_id), refund_id=str(refund_id))
    return refund_id


async def close_open(db: Database, resources: Resources, *, payment_id: UUID, provider: str) -> Outcome:
    """Let nobody pay an attempt any more, and book what its provider says became of it."""
    found = resources.providers.get(provider)
    if found is None:
        log.error("payment has no provider", payment_id=str(payment_id), provider=provider)
        return "unknown"
    try:
        notice = await found.close(payment_id)
    except (Unavailable, OSError, TimeoutError) as error:
        log.warning("payment not answered for", payment_id=str(payment_id), error=str(error))
        notice = Notice(payment_id=payment_id, outcome="unknown")
    await receive(db, resources, notice, provider=provider)
    return notice.outcome


async def take_overdue(db: Database) -> list[tuple[UUID, str, UUID]]:
    """Open attempts on orders whose deadline is over, to be closed now: attempt, provider, order."""
    async with db.transaction() as uow:
        rows = await repository.take_overdue(uow, asked_before=uow.now - ASK_AGAIN, limit=AT_ONCE)
    return [(row["id"], row["provider"], row["order_id"]) for row in rows]


async def list_of_order(db: Database, order_id: UUID) -> list[PaymentView]:
    return [PaymentView(**dict(row)) for row in await repository.list_of_order(db, order_id)]


async def list_exceptions(db: Database, *, before: UUID | None, limit: int) -> list[PaymentExceptionView]:
    rows = await repository.list_exceptions(db, before=before, limit=limit)
    return [PaymentExceptionView(**dict(row)) for row in rows]


def _attempt(row: Record) -> Attempt:
    return Attempt(
        payment_id=row["id"],
        order_id=row["order_id"],
        provider=row["provider"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        status=row["status"],
        created_at=row["created_at"],
    )


def _unwanted(notice: Notice, kind: Unwelcome, attempt: Record, *, provider: str) -> Unwanted:
    return Unwanted(
        kind=kind,
        order_id=attempt["order_id"],
        payment_id=notice.payment_id,
        provider=provider,
        transaction_id=notice.transaction_id,
        amount_minor=notice.amount_minor,
        currency=notice.currency,
    )


def _confirmation(row: Record, *, payment_id: UUID, at: datetime) -> Confirmation:
    return Confirmation(
        order_id=row["order_id"],
        member_id=row["member_id"],
        pickup_point_id=row["pickup_point_id"],
        channel=row["channel"],
        campaign_id=row["campaign_id"],
        coupon_id=row["coupon_id"],
        discount_minor=row["discount_minor"],
        payable_minor=row["payable_minor"],
        currency=row["currency"],
        payment_id=payment_id,
        confirmed_at=at,
    )
