"""Orders as they are read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.db import Database, UnitOfWork
from orders.campaigns import service as campaigns
from orders.errors import OrderNotFound
from orders.orderbook import repository
from orders.orderbook.schemas import (
    CampaignTotals,
    OrderLineView,
    OrderSummary,
    OrderView,
    SkuTotal,
    Status,
    TransitionList,
    TransitionView,
)
from orders.pickup import service as pickup


async def get_order(
    reader: Database | UnitOfWork, order_id: UUID, *, member_id: UUID | None, viewer_id: UUID
) -> OrderView:
    """One member's order, anybody's with `member_id` None; the code only when the viewer owns it. Raises OrderNotFound."""
    row = await repository.find_order(reader, order_id, member_id=member_id, viewer_id=viewer_id)
    if row is None:
        raise OrderNotFound(f"there is no order {order_id}")
    lines = await repository.list_lines(reader, order_id)
    return OrderView(**dict(row), lines=[OrderLineView(**dict(line)) for line in lines])


async def require_visible(db: Database, order_id: UUID, *, member_id: UUID | None) -> None:
    """Raises OrderNotFound."""
    if not await repository.exists(db, order_id, member_id=member_id):
        raise OrderNotFound(f"there is no order {order_id}")


async def list_newest(
    db: Database,
    *,
    member_id: UUID | None,
    statuses: Sequence[Status],
    before: UUID | None,
    limit: int,
    campaign_id: UUID | None = None,
    pickup_point_id: UUID | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
) -> list[OrderSummary]:
    rows = await repository.list_newest(
        db,
        member_id=member_id,
        statuses=statuses,
        campaign_id=campaign_id,
        pickup_point_id=pickup_point_id,
        created_from=created_from,
        created_before=created_before,
        before=before,
        limit=limit,
    )
    return [OrderSummary(**dict(row)) for row in rows]


async def list_waiting(
    db: Database, point_id: UUID, *, clerk_id: UUID | None, before: UUID | None, limit: int
) -> list[OrderSummary]:
    """Orders to be handed over at a point, to a clerk of the point; `clerk_id` None: to anybody. Raises PickupPointNotFound."""
    await pickup.require_point(db, point_id, clerk_id=clerk_id)
    return await list_newest(
        db, member_id=None, statuses=["confirmed"], pickup_point_id=point_id, before=before, limit=limit
    )


async def list_transitions(db: Database, order_id: UUID) -> TransitionList:
    await require_visible(db, order_id, member_id=None)
    rows = await repository.list_transitions(db, order_id)
    return TransitionList(items=[TransitionView(**dict(row)) for row in rows])


async def sum_campaign(db: Database, campaign_id: UUID) -> CampaignTotals:
    """What has been ordered in a campaign. Raises CampaignNotFound."""
    await campaigns.get(db, campaign_id)
    return CampaignTotals(items=[SkuTotal(**dict(row)) for row in await repository.sum_campaign(db, campaign_id)])
