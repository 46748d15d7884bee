from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from common.auth.access import AnyMember, Clerk, Operator
from common.auth.principal import Role
from common.http.dependencies import Db
from common.http.fields import Moment
from common.http.pages import Page, PageQuery, page
from orders.orderbook import service
from orders.orderbook.schemas import CampaignTotals, OrderSummary, OrderView, Status, TransitionList

router = APIRouter(tags=["orders"])

Statuses = Annotated[
    list[Status],
    Query(default_factory=list, alias="status", max_length=5, description="Only those in one of these states."),
]


@router.get("/orders", operation_id="list_own_orders")
async def list_own_orders(principal: AnyMember, db: Db, pages: PageQuery, statuses: Statuses) -> Page[OrderSummary]:
    """One's own orders, the newest first."""
    orders = await service.list_newest(
        db, member_id=principal.id, statuses=statuses, before=pages.after, limit=pages.limit
    )
    return page(orders, limit=pages.limit, last_id=orders[-1].id if orders else None)


@router.get("/member-orders", operation_id="list_member_orders")
async def list_member_orders(
    db: Db,
    _: Operator,
    pages: PageQuery,
    statuses: Statuses,
    member_id: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    campaign_id: Annotated[UUID | None, Query(description="Only those of this campaign.")] = None,
    pickup_point_id: Annotated[UUID | None, Query(description="Only those for this pick-up point.")] = None,
    created_from: Annotated[Moment | None, Query(description="Only those placed then or later.")] = None,
    created_before: Annotated[Moment | None, Query(description="Only those placed before.")] = None,
) -> Page[OrderSummary]:
    """Members' orders, the newest first."""
    orders = await service.list_newest(
        db,
        member_id=member_id,
        statuses=statuses,
        campaign_id=campaign_id,
        pickup_point_id=pickup_point_id,
        created_from=created_from,
        created_before=created_before,
        before=pages.after,
        limit=pages.limit,
    )
    return page(orders, limit=pages.limit, last_id=orders[-1].id if orders else None)


@router.get("/orders/{order_id}", operation_id="get_order")
async def get_order(order_id: UUID, principal: AnyMember, db: Db) -> OrderView:
    """One's own order with its pick-up code; an operator sees any order, without the code."""
    member_id = None if principal.has(Role.OPERATOR) else principal.id
    return await service.get_order(db, order_id, member_id=member_id, viewer_id=principal.id)


@router.get("/pickup-points/{point_id}/orders", operation_id="list_waiting_orders")
async def list_waiting_orders(point_id: UUID, principal: Clerk, db: Db, pages: PageQuery) -> Page[OrderSummary]:
    """Orders that wait to be handed over at a point where the caller is a clerk (an operator: at any), the newest first."""
    clerk_id = None if principal.has(Role.OPERATOR) else principal.id
    orders = await service.list_waiting(db, point_id, clerk_id=clerk_id, before=pages.after, limit=pages.limit)
    return page(orders, limit=pages.limit, last_id=orders[-1].id if orders else None)


@router.get("/orders/{order_id}/transitions", operation_id="list_order_transitions")
async def list_order_transitions(order_id: UUID, db: Db, _: Operator) -> TransitionList:
    """Every change of an order's status: by whom, why, when."""
    return await service.list_transitions(db, order_id)


@router.get("/campaigns/{campaign_id}/totals", operation_id="get_campaign_totals")
async def get_campaign_totals(campaign_id: UUID, db: Db, _: Operator) -> CampaignTotals:
    """What has been ordered in a campaign, by SKU 彙總."""
    return await service.sum_campaign(db, campaign_id)
