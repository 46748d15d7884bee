from uuid import UUID

from fastapi import APIRouter

from common.auth.access import AnyMember
from common.auth.principal import Role
from common.http.dependencies import Db
from orders.orderbook import service
from orders.orderbook.schemas import OrderView

router = APIRouter(tags=["orders"])


@router.get("/orders/{order_id}", operation_id="get_order")
async def get_order(order_id: UUID, principal: AnyMember, db: Db) -> OrderView:
    """One's own order with its pick-up code; an operator sees any order, without the code."""
    return await service.get_order(db, order_id, member_id=None if principal.has(Role.OPERATOR) else principal.id)
