from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from common.auth.access import Clerk, Operator, public
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from orders.catalogue.schemas import ByCode
from orders.pickup import service
from orders.pickup.schemas import ClerkView, NewPickupPoint, PickupPointChange, PickupPointView

router = APIRouter(tags=["pick-up points"])


@router.post("/pickup-points", operation_id="create_pickup_point", status_code=201, response_model=PickupPointView)
async def create_pickup_point(body: NewPickupPoint, _: Operator, db: Db, key: OnceKey) -> Response:
    """Add a pick-up point 自提點."""

    async def action(uow: UnitOfWork) -> PickupPointView:
        return await service.add_point(uow, body)

    return await run_once(db, key, action)


@router.get("/pickup-points", operation_id="list_pickup_points", dependencies=[Depends(public)])
async def list_pickup_points(
    db: Db,
    pages: PageQuery,
    code: ByCode = None,
    active: Annotated[bool | None, Query(description="Only those that take orders, or that take none.")] = True,
) -> Page[PickupPointView]:
    """Pick-up points, those that take orders unless asked otherwise."""
    points = await service.list_points(db, after=pages.after, limit=pages.limit, code=code, active=active)
    return page(points, limit=pages.limit, last_id=points[-1].id if points else None)


@router.get("/pickup-points/mine", operation_id="list_own_pickup_points")
async def list_own_pickup_points(principal: Clerk, db: Db, pages: PageQuery) -> Page[PickupPointView]:
    """The pick-up points where the caller hands over orders."""
    points = await service.list_points_of(db, principal.id, after=pages.after, limit=pages.limit)
    return page(points, limit=pages.limit, last_id=points[-1].id if points else None)


@router.get("/pickup-points/{point_id}", operation_id="get_pickup_point", dependencies=[Depends(public)])
async def get_pickup_point(point_id: UUID, db: Db) -> PickupPointView:
    """One pick-up point."""
    return await service.get_point(db, point_id)


@router.patch("/pickup-points/{point_id}", operation_id="change_pickup_point")
async def change_pickup_point(point_id: UUID, body: PickupPointChange, _: Operator, db: Db) -> PickupPointView:
    """Change a pick-up point; orders that name it are handed over there also when it takes no new ones."""
    async with db.transaction() as uow:
        return await service.change_point(uow, point_id, body)


@router.get("/pickup-points/{point_id}/clerks", operation_id="list_clerks")
async def list_clerks(point_id: UUID, _: Operator, db: Db, pages: PageQuery) -> Page[ClerkView]:
    """The clerks 店員 of a pick-up point."""
    clerks = await service.list_clerks(db, point_id, after=pages.after, limit=pages.limit)
    return page(clerks, limit=pages.limit, last_id=clerks[-1].member_id if clerks else None)


@router.put("/pickup-points/{point_id}/clerks/{member_id}", operation_id="assign_clerk")
async def assign_clerk(point_id: UUID, member_id: UUID, _: Operator, db: Db) -> ClerkView:
    """Let a clerk hand over orders at this point."""
    async with db.transaction() as uow:
        return await service.assign_clerk(uow, point_id, member_id)


@router.delete("/pickup-points/{point_id}/clerks/{member_id}", operation_id="dismiss_clerk", status_code=204)
async def dismiss_clerk(point_id: UUID, member_id: UUID, _: Operator, db: Db) -> Response:
    """Let a clerk hand over no more orders at this point."""
    async with db.transaction() as uow:
        await service.dismiss_clerk(uow, point_id, member_id)
    return Response(status_code=204)
