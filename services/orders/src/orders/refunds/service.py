"""Refunds 退款: claimed from the order first, sent to the provider between units of work, settled by what it says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from common.connection import Record
from common.contracts.orders import OrderRefunded, OrderVoided
from common.db import Database, UnitOfWork
from common.errors import Unavailable
from common.ids import new_id
from orders.adapters.providers import OFFLINE, PaymentProvider, RefundOutcome, Repayable
from orders.coupons.service import tell_freed
from orders.errors import OrderNotFound, OrderNotRefundable, RefundNotFailed, RefundNotFound
from orders.refunds import repository
from orders.refunds.domain import Refundable, claim, claim_rest
from orders.refunds.schemas import Kind, RefundedLine, RefundLineView, RefundView, Status

log = structlog.get_logger(__name__)

FIRST_RETRY = timedelta(minutes=1)  # providers want a minute between two requests for one order
LONGEST_RETRY = timedelta(hours=1)
AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwanted:
    """Money that came and stays with nobody: late, twice, or in another amount."""

    kind: Kind
    order_id: UUID
    payment_id: UUID
    provider: str
    transaction_id: str
    amount_minor: int
    currency: str


async def request(
    uow: UnitOfWork, order_id: UUID, *, lines: Sequence[RefundedLine] | None, reason: str, requested_by: UUID
) -> UUID:
    """Claim units of the order, everything that is left if none are named; the refund's id."""
    order = await repository.lock_order(uow, order_id)
    if order is None:
        raise OrderNotFound(f"there is no order {order_id}")
    if order["status"] not in {"confirmed", "picked_up"}:
        raise OrderNotRefundable(f"the order is {order['status']}")
    payment = await repository.find_payment(uow, order["payment_id"]) if order["payment_id"] is not None else None
    if payment is None:
        raise OrderNotRefundable("nothing was paid for this order: cancel it instead")
    known = [Refundable(**dict(row)) for row in await repository.list_refundable(uow, order_id)]
    wanted: Counter[UUID] = Counter()
    for line in lines or ():
        wanted[line.line_id] += line.quantity
    claims = claim_rest(known) if lines is None else claim(known, wanted)
    total = sum(line.amount_minor for line in claims)
    if not total:
        raise OrderNotRefundable("nothing was paid for what is left of this order")
    refund_id = new_id()
    await repository.insert(
        uow,
        refund_id=refund_id,
        order_id=order_id,
        kind="goods",
        reason_key=f"goods:{refund_id}",
        reason=reason,
        provider=payment["provider"],
        payment_id=order["payment_id"],
        transaction_id=payment["transaction_id"],
        amount_minor=total,
        currency=order["currency"],
        requested_by=requested_by,
    )
    await repository.claim(uow, order_id=order_id, refund_id=refund_id, claims=claims)
    return refund_id


async def send_back(uow: UnitOfWork, money: Unwanted) -> UUID:
    """Let unwanted money go back, once a transaction. The caller holds the order's row."""
    refund_id = new_id()
    await repository.insert(
        uow,
        refund_id=refund_id,
        order_id=money.order_id,
        kind=money.kind,
        reason_key=f"{money.provider}:{money.transaction_id}",
        reason=money.kind,
        provider=money.provider,
        payment_id=money.payment_id,
        transaction_id=money.transaction_id,
        amount_minor=money.amount_minor,
        currency=money.currency,
        requested_by=None,
    )
    return refund_id


async def send_due(
    db: Database, providers: Mapping[str, PaymentProvider], *, only: Sequence[UUID] | None = None
) -> int:
    """Ask providers to pay back what is due; how many were asked. Asking again pays nothing twice."""
    async with db.transaction() as uow:
        due = await repository.take_due(
            uow, only=only, limit=AT_ONCE, first_retry=FIRST_RETRY, longest_retry=LONGEST_RETRY
        )
    for row in due:
        await settle(db, row["id"], await _ask(providers, row))
    return len(due)


async def _ask(providers: Mapping[str, PaymentProvider], row: Record) -> RefundOutcome:
    if row["provider"] == OFFLINE:
        return "succeeded"
    provider = providers.get(row["provider"])
    if provider is None:
        log.error("refund has no provider", refund_id=str(row["id"]), provider=row["provider"])
        return "pending"
    repayable = Repayable(
        refund_id=row["id"],
        payment_id=row["payment_id"],
        transaction_id=row["transaction_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
    )
    try:
        return await provider.refund(repayable)
    except (Unavailable, OSError, TimeoutError) as error:
        log.warning("refund not answered", refund_id=str(row["id"]), error=str(error))
        return "pending"


async def settle(db: Database, refund_id: UUID, outcome: RefundOutcome) -> None:
    """Book what the provider said. `pending` changes nothing: it is asked again later, with the same number."""
    if outcome == "pending":
        return
    async with db.transaction() as uow:
        if outcome == "failed":
            await repository.set_status(uow, refund_id, before="requested", after="failed", settled_at=uow.now)
            return
        moved = await repository.succeed(uow, refund_id)
        if moved is not None:
            _tell(uow, refund_id, moved)


def _tell(uow: UnitOfWork, refund_id: UUID, moved: Record) -> None:
    full = moved["status"] == "refunded"
    order_id, member_id, currency = moved["order_id"], moved["member_id"], moved["currency"]
    uow.append(
        OrderRefunded(
            order_id=order_id,
            member_id=member_id,
            refund_id=refund_id,
            amount_minor=moved["refund_minor"],
            currency=currency,
            full=full,
            refunded_at=uow.now,
        )
    )
    if not full:
        return
    uow.append(
        OrderVoided(
            order_id=order_id,
            member_id=member_id,
            amount_minor=moved["payable_minor"],
            currency=currency,
            confirmed_at=moved["confirmed_at"],
            voided_at=uow.now,
            reason="refunded",
        )
    )
    tell_freed(uow, moved, member_id=member_id, order_id=order_id)


async def retry(uow: UnitOfWork, refund_id: UUID) -> RefundView:
    """Ask the provider again, with the same number, about a refund that it refused."""
    if not await repository.set_status(uow, refund_id, before="failed", after="requested", settled_at=None):
        refund = await get(uow, refund_id)
        raise RefundNotFailed(f"the refund is {refund.status}")
    return await get(uow, refund_id)


async def get(reader: Database | UnitOfWork, refund_id: UUID) -> RefundView:
    row = await repository.find(reader, refund_id)
    if row is None:
        raise RefundNotFound(f"there is no refund {refund_id}")
    return _view(row, await repository.list_lines(reader, [refund_id]))


async def list_of_order(db: Database, order_id: UUID) -> list[RefundView]:
    return await _views(db, await repository.list_of_order(db, order_id))


async def list_newest(db: Database, *, status: Status | None, before: UUID | None, limit: int) -> list[RefundView]:
    return await _views(db, await repository.list_newest(db, status=status, before=before, limit=limit))


async def _views(db: Database, rows: Sequence[Record]) -> list[RefundView]:
    lines = await repository.list_lines(db, [row["id"] for row in rows])
    return [_view(row, [line for line in lines if line["refund_id"] == row["id"]]) for row in rows]


def _view(row: Record, lines: Sequence[Record]) -> RefundView:
    return RefundView(**dict(row), lines=[RefundLineView(**dict(line)) for line in lines])
