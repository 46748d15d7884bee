from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from common.auth.access import AnyMember, Operator
from common.auth.principal import Role
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from orders.orderbook import service as orderbook
from orders.refunds import service
from orders.refunds.schemas import RefundList, RefundView, RequestRefund, Status
from orders.resources import CurrentResources

router = APIRouter(tags=["refunds"])


@router.post("/orders/{order_id}/refunds", operation_id="refund_order", status_code=201, response_model=RefundView)
async def refund_order(
    order_id: UUID, body: RequestRefund, principal: Operator, db: Db, resources: CurrentResources, key: OnceKey
) -> Response:
    """Give back what was paid for some units of an order, or for all that is left; the last one ends the order."""
    requested: list[UUID] = []

    async def action(uow: UnitOfWork) -> RefundView:
        refund_id = await service.request(
            uow, order_id, lines=body.lines, reason=body.reason, requested_by=principal.id
        )
        requested.append(refund_id)
        return await service.get(uow, refund_id)

    answer = await run_once(db, key, action)
    if requested:
        await service.send_due(db, resources.providers, only=requested)
    return answer


@router.get("/orders/{order_id}/refunds", operation_id="list_refunds")
async def list_refunds(order_id: UUID, principal: AnyMember, db: Db) -> RefundList:
    """The refunds of one's own order (an operator: of any), the oldest first."""
    member_id = None if principal.has(Role.OPERATOR) else principal.id
    await orderbook.require_visible(db, order_id, member_id=member_id)
    return RefundList(items=await service.list_of_order(db, order_id))


@router.get("/refunds", operation_id="list_all_refunds")
async def list_all_refunds(
    db: Db,
    _: Operator,
    pages: PageQuery,
    status: Annotated[Status | None, Query(description="Only those in this state, such as those that failed.")] = None,
) -> Page[RefundView]:
    """Refunds of all orders, the newest first."""
    refunds = await service.list_newest(db, status=status, before=pages.after, limit=pages.limit)
    return page(refunds, limit=pages.limit, last_id=refunds[-1].id if refunds else None)


@router.get("/refunds/{refund_id}", operation_id="get_refund")
async def get_refund(refund_id: UUID, _: Operator, db: Db) -> RefundView:
    """One refund."""
    return await service.get(db, refund_id)


@router.post("/refunds/{refund_id}/retry", operation_id="retry_refund")
async def retry_refund(refund_id: UUID, _: Operator, db: Db, resources: CurrentResources) -> RefundView:
    """Ask the provider again about a refund that it refused; it is the same refund, so it is paid once."""
    async with db.transaction() as uow:
        await service.retry(uow, refund_id)
    await service.send_due(db, resources.providers, only=[refund_id])
    return await service.get(db, refund_id)
