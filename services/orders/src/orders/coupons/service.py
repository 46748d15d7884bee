"""Coupons 優惠券 as orders spend them: members issue, orders keep the grant."""

from collections.abc import Sequence
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.members import CouponIssued, CouponRecalled
from common.contracts.orders import CouponExpired, CouponReleased, CouponRetained, CouponRevoked
from common.db import Database, UnitOfWork
from orders.coupons import repository
from orders.coupons.schemas import CouponView, Status

COUPON_EXPIRY = "coupon_expiry"
"""The kind of the timer that ends a coupon. It fires once: a coupon held then runs out when it is given back."""


async def keep(uow: UnitOfWork, issued: Sequence[CouponIssued]) -> None:
    """Keep what was issued; the same coupon once, however often it is told."""
    await repository.insert_coupons(uow, issued, timer_kind=COUPON_EXPIRY, now=uow.now)


async def recall(uow: UnitOfWork, asked: Sequence[Received[CouponRecalled]]) -> None:
    """Take coupons back for their issuer, and tell of each what became of it, as often as it is asked.

    One conditional update decides between this and an order at the same moment. A coupon that an order holds counts as spent,
    though that order may yet give it back: the answer is given at once and stays, so an issuer recalls a coupon once.
    """
    first = {item.event.coupon_id: item.event for item in reversed(asked)}
    held = await repository.revoke(uow, list(first.values()))
    for item in asked:
        _answer(uow, item, held[item.event.coupon_id])


def _answer(uow: UnitOfWork, asked: Received[CouponRecalled], held: Record) -> None:
    told = {"coupon_id": asked.event.coupon_id, "member_id": asked.event.member_id}
    if held["status"] == "revoked":
        uow.append(CouponRevoked(**told, revoked_at=held["changed_at"]), cause=asked.envelope)
    else:
        kept = CouponRetained(**told, reason="expired" if held["status"] == "expired" else "spent")
        uow.append(kept, cause=asked.envelope)


async def expire(uow: UnitOfWork, coupon_id: UUID) -> None:
    expired = await repository.expire(uow, coupon_id)
    if expired is not None:
        member_id, expired_at = expired
        uow.append(CouponExpired(coupon_id=coupon_id, member_id=member_id, expired_at=expired_at))


def tell_freed(uow: UnitOfWork, freed: Record, *, member_id: UUID, order_id: UUID) -> None:
    """Tell of a coupon that an order has given back: usable again, or past its end."""
    if freed["coupon_status"] == "issued":
        uow.append(CouponReleased(coupon_id=freed["coupon_id"], member_id=member_id, order_id=order_id))
    elif freed["coupon_status"] == "expired":
        expired_at = freed["coupon_expires_at"]
        uow.append(CouponExpired(coupon_id=freed["coupon_id"], member_id=member_id, expired_at=expired_at))


async def list_of(
    db: Database, member_id: UUID, *, status: Status | None, before: UUID | None, limit: int
) -> list[CouponView]:
    rows = await repository.list_of(db, member_id, status=status, before=before, limit=limit)
    return [CouponView(**dict(row)) for row in rows]
