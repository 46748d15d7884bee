from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from common.auth.access import AnyMember, Clerk
from common.auth.principal import Role
from common.http.dependencies import Db
from common.http.limits import LimitRate
from orders.fulfilment import service
from orders.fulfilment.schemas import PickUp
from orders.orderbook import service as orderbook
from orders.orderbook.schemas import OrderView
from orders.resources import CurrentResources

router = APIRouter(tags=["fulfilment"])
PickUpRate = Annotated[None, Depends(LimitRate("pickups_per_minute"))]


@router.post("/orders/{order_id}/cancel", operation_id="cancel_order")
async def cancel_order(order_id: UUID, principal: AnyMember, db: Db, resources: CurrentResources) -> OrderView:
    """Cancel one's own order (an operator: any order) that is not paid; stock and coupon are free again."""
    operates = principal.has(Role.OPERATOR)
    member_id = None if operates else principal.id
    await service.cancel(
        db,
        resources,
        order_id,
        member_id=member_id,
        actor=principal.id,
        reason="operator" if operates else "member",
    )
    return await orderbook.get_order(db, order_id, member_id=member_id, viewer_id=principal.id)


@router.post("/pickup-points/{point_id}/pickups", operation_id="hand_over_order")
async def hand_over_order(point_id: UUID, body: PickUp, principal: Clerk, _: PickUpRate, db: Db) -> OrderView:
    """Hand the order of a pick-up code over 核銷, once, at a point where the caller is a clerk; gives what to hand over."""
    clerk_id = None if principal.has(Role.OPERATOR) else principal.id
    async with db.transaction() as uow:
        order_id = await service.hand_over(
            uow, code=body.code.upper(), point_id=point_id, clerk_id=clerk_id, actor=principal.id
        )
        return await orderbook.get_order(uow, order_id, member_id=None, viewer_id=principal.id)
