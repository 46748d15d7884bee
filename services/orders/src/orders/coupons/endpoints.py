from typing import Annotated

from fastapi import APIRouter, Query

from common.auth.access import AnyMember
from common.http.dependencies import Db
from common.http.pages import Page, PageQuery, page
from orders.coupons import service
from orders.coupons.schemas import CouponView, Status

router = APIRouter(tags=["coupons"])


@router.get("/coupons", operation_id="list_spendable_coupons")
async def list_spendable_coupons(
    principal: AnyMember,
    db: Db,
    pages: PageQuery,
    status: Annotated[Status | None, Query(description="Only those in this state.")] = None,
) -> Page[CouponView]:
    """One's own coupons 優惠券 as orders may spend them, the newest first."""
    coupons = await service.list_of(db, principal.id, status=status, before=pages.after, limit=pages.limit)
    return page(coupons, limit=pages.limit, last_id=coupons[-1].id if coupons else None)
