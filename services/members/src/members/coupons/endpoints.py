from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from common.auth.access import AnyMember, Operator
from common.connection import Record
from common.db import Database, UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.idempotency import OnceKey, run_once
from common.http.limits import LimitRate
from common.http.pages import Page, PageQuery, PageRequest, page
from members.accounts import service as accounts
from members.coupons import service
from members.coupons.domain import Status
from members.coupons.schemas import CouponView, IssueCoupon
from members.resources import Resources

router = APIRouter(tags=["coupons"])

# Asked for after the rule that finds the caller, so that it counts members and not addresses.
ClaimRate = Annotated[None, Depends(LimitRate("claims_per_minute"))]
WantedStatus = Annotated[Status | None, Query(description="Only those in this status.")]


def _view(row: Record) -> CouponView:
    return CouponView(**{name: row[name] for name in CouponView.model_fields})


@router.post("/members/me/coupons", operation_id="claim_coupon", status_code=201, response_model=CouponView)
async def claim_coupon(
    body: IssueCoupon, principal: AnyMember, _: ClaimRate, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Take a coupon that is on offer 領券."""
    resources: Resources = runtime.resources

    async def action(uow: UnitOfWork) -> CouponView:
        return _view(await service.claim(uow, member_id=principal.id, template=body.template))

    with resources.metrics.counting_refusals("claim"):
        return await run_once(db, key, action)


@router.get("/members/me/coupons", operation_id="list_own_coupons")
async def list_own_coupons(
    principal: AnyMember, db: Db, pages: PageQuery, status: WantedStatus = None
) -> Page[CouponView]:
    """The caller's coupons, newest first."""
    return await _list(db, principal.id, pages, status)


@router.post("/members/{member_id}/coupons", operation_id="issue_coupon", status_code=201, response_model=CouponView)
async def issue_coupon(
    member_id: UUID, body: IssueCoupon, _: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Give a member a coupon 發券; supply and the limit per member hold."""
    resources: Resources = runtime.resources

    async def action(uow: UnitOfWork) -> CouponView:
        return _view(await service.issue_one(uow, member_id=member_id, template=body.template, source="operator"))

    with resources.metrics.counting_refusals("operator"):
        return await run_once(db, key, action)


@router.get("/members/{member_id}/coupons", operation_id="list_coupons")
async def list_coupons(
    member_id: UUID, _: Operator, db: Db, pages: PageQuery, status: WantedStatus = None
) -> Page[CouponView]:
    """A member's coupons, newest first."""
    await accounts.get_member(db, member_id)
    return await _list(db, member_id, pages, status)


async def _list(db: Database, member_id: UUID, pages: PageRequest, status: Status | None) -> Page[CouponView]:
    rows = await service.list_of_member(db, member_id=member_id, status=status, before=pages.after, limit=pages.limit)
    views = [_view(row) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)
