"""Orders as they are read."""

from uuid import UUID

from common.db import Database, UnitOfWork
from orders.errors import OrderNotFound
from orders.orderbook import repository
from orders.orderbook.schemas import OrderLineView, OrderView


async def get_order(reader: Database | UnitOfWork, order_id: UUID, *, member_id: UUID | None) -> OrderView:
    """One's own order with its pick-up code; with `member_id` None anybody's, without. Raises OrderNotFound."""
    row = await repository.find_order(reader, order_id, member_id=member_id)
    if row is None:
        raise OrderNotFound(f"there is no order {order_id}")
    lines = await repository.list_lines(reader, order_id)
    seen = {**dict(row), "pickup_code": row["pickup_code"] if member_id is not None else None}
    return OrderView(**seen, lines=[OrderLineView(**dict(line)) for line in lines])
