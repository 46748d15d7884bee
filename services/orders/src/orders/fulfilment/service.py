"""How orders end: cancelled, timed out, or handed over 核銷."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from common import timers
from common.connection import Record
from common.contracts.orders import OrderCancelled, OrderPickedUp, OrderVoided
from common.db import Database, UnitOfWork
from orders.coupons.service import tell_freed
from orders.errors import OrderNotCancellable, OrderNotFound, OrderNotReady, PaymentUnsettled, PickupCodeUnknown
from orders.fulfilment import repository
from orders.payments import service as payments
from orders.placement.service import PAY_DEADLINE
from orders.resources import Resources

Reason = Literal["member", "operator", "timeout"]

LOOK_AGAIN = timedelta(minutes=1)
"""After which an overdue order with an open payment is looked at again."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that stands in the way."""

    payment_id: UUID
    provider: str


async def cancel(
    db: Database,
    resources: Resources,
    order_id: UUID,
    *,
    member_id: UUID | None,
    actor: UUID,
    reason: Reason,
) -> None:
    """Cancel, after an open payment was closed at its provider: what it cannot tell about is not cancelled.

    Cancelling what is cancelled changes nothing. `member_id` None: whoever's order it is.
    """
    for _ in range(2):
        async with db.transaction() as uow:
            begun = await try_cancel(uow, order_id, member_id=member_id, actor=actor, reason=reason)
        if begun is None:
            return
        await payments.close_open(db, resources, payment_id=begun.payment_id, provider=begun.provider)
    raise PaymentUnsettled("a payment of this order is being checked; try again in a minute", retry_after_seconds=60)


async def try_cancel(
    uow: UnitOfWork, order_id: UUID, *, member_id: UUID | None, actor: UUID, reason: Reason
) -> Begun | None:
    """Cancel; or the payment that stands in the way."""
    cancelled = await repository.cancel(uow, order_id, member_id=member_id, actor=actor, reason=reason)
    if cancelled is not None:
        _tell_cancelled(uow, cancelled, reason)
        return None
    order = await repository.find(uow, order_id, member_id=member_id)
    if order is None:
        raise OrderNotFound(f"there is no order {order_id}")
    if order["status"] == "cancelled":
        return None
    if order["status"] != "pending_payment":
        raise OrderNotCancellable(f"the order is {order['status']}; an operator can refund it")
    if order["payment_id"] is None:
        raise PaymentUnsettled("a payment of this order has just ended; try again", retry_after_seconds=1)
    return Begun(order["payment_id"], order["provider"])


async def time_out(uow: UnitOfWork, order_id: UUID) -> None:
    """Cancel an order that was not paid in time. While a payment is open nothing is released, and it is looked at again."""
    cancelled = await repository.cancel(uow, order_id, member_id=None, actor=None, reason="timeout")
    if cancelled is not None:
        _tell_cancelled(uow, cancelled, "timeout")
        return
    order = await repository.find(uow, order_id, member_id=None)
    if order is not None and order["status"] == "pending_payment":
        due_at = max(uow.now + LOOK_AGAIN, order["pay_deadline"])
        await timers.arm(uow, kind=PAY_DEADLINE, business_id=order_id, due_at=due_at)


async def settle_overdue(db: Database, resources: Resources) -> int:
    """Close the open payments of overdue orders at their providers, and time those orders out; how many were looked at."""
    overdue = await payments.take_overdue(db)
    for payment_id, provider, order_id in overdue:
        outcome = await payments.close_open(db, resources, payment_id=payment_id, provider=provider)
        if outcome == "closed":
            async with db.transaction() as uow:
                await time_out(uow, order_id)
    return len(overdue)


async def hand_over(uow: UnitOfWork, *, code: str, point_id: UUID, clerk_id: UUID | None, actor: UUID) -> UUID:
    """Hand the order of this code over at this point, once; its id. `clerk_id` None: an operator does it."""
    handed_over = await repository.hand_over(uow, code=code, point_id=point_id, clerk_id=clerk_id, actor=actor)
    if handed_over is None:
        order = await repository.find_code(uow, code=code, point_id=point_id, clerk_id=clerk_id)
        if order is None:
            raise PickupCodeUnknown("code: no order waits under it at a pick-up point of yours")
        if order["open_refunds"]:
            raise OrderNotReady("a refund of this order is under way")
        raise OrderNotReady(f"the order is {order['status']}")
    order_id: UUID = handed_over["id"]
    uow.append(
        OrderPickedUp(
            order_id=order_id, member_id=handed_over["member_id"], pickup_point_id=point_id, picked_up_at=uow.now
        )
    )
    return order_id


def _tell_cancelled(uow: UnitOfWork, order: Record, reason: Reason) -> None:
    order_id, member_id = order["order_id"], order["member_id"]
    uow.append(OrderCancelled(order_id=order_id, member_id=member_id, reason=reason, cancelled_at=uow.now))
    if order["confirmed_at"] is not None:
        uow.append(
            OrderVoided(
                order_id=order_id,
                member_id=member_id,
                amount_minor=order["payable_minor"],
                currency=order["currency"],
                confirmed_at=order["confirmed_at"],
                voided_at=uow.now,
                reason="cancelled",
            )
        )
    tell_freed(uow, order, member_id=member_id, order_id=order_id)
