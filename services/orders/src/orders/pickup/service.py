"""Pick-up points 自提點, and the clerks who hand orders over there."""

from uuid import UUID

import asyncpg

from common.db import Database, UnitOfWork
from common.ids import new_id
from orders.errors import ClerkNotFound, CodeTaken, PickupPointNotFound
from orders.pickup import repository
from orders.pickup.schemas import ClerkView, NewPickupPoint, PickupPointChange, PickupPointView


async def add_point(uow: UnitOfWork, new: NewPickupPoint) -> PickupPointView:
    point_id = new_id()
    try:
        await repository.insert_point(
            uow, point_id=point_id, code=new.code, name=new.name, address=new.address, created_at=uow.now
        )
    except asyncpg.UniqueViolationError as error:
        raise CodeTaken(f"code: another pick-up point has the code {new.code}") from error
    return PickupPointView(id=point_id, code=new.code, name=new.name, address=new.address, active=True)


async def change_point(uow: UnitOfWork, point_id: UUID, change: PickupPointChange) -> PickupPointView:
    row = await repository.update_point(uow, point_id, name=change.name, address=change.address, active=change.active)
    if row is None:
        raise PickupPointNotFound(f"there is no pick-up point {point_id}")
    return PickupPointView(**dict(row))


async def get_point(reader: Database | UnitOfWork, point_id: UUID) -> PickupPointView:
    row = await repository.find_point(reader, point_id)
    if row is None:
        raise PickupPointNotFound(f"there is no pick-up point {point_id}")
    return PickupPointView(**dict(row))


async def require_point(db: Database, point_id: UUID, *, clerk_id: UUID | None) -> None:
    """Raises PickupPointNotFound, also for a clerk of other points. `clerk_id` None: whoever asks may."""
    if clerk_id is None:
        await get_point(db, point_id)
    elif await repository.find_clerk(db, point_id=point_id, member_id=clerk_id) is None:
        raise PickupPointNotFound(f"there is no pick-up point {point_id} of yours")


async def list_points(
    db: Database, *, after: UUID | None, limit: int, code: str | None, active: bool | None
) -> list[PickupPointView]:
    rows = await repository.list_points(db, after=after, limit=limit, code=code, active=active)
    return [PickupPointView(**dict(row)) for row in rows]


async def list_points_of(db: Database, member_id: UUID, *, after: UUID | None, limit: int) -> list[PickupPointView]:
    """The points where somebody is a clerk."""
    rows = await repository.list_points_of(db, member_id, after=after, limit=limit)
    return [PickupPointView(**dict(row)) for row in rows]


async def assign_clerk(uow: UnitOfWork, point_id: UUID, member_id: UUID) -> ClerkView:
    """Whether the member has the role of a clerk is for members to say; without it the assignment opens nothing."""
    try:
        await repository.insert_clerk(uow, point_id=point_id, member_id=member_id, assigned_at=uow.now)
    except asyncpg.ForeignKeyViolationError as error:
        raise PickupPointNotFound(f"there is no pick-up point {point_id}") from error
    row = await repository.find_clerk(uow, point_id=point_id, member_id=member_id)
    if row is None:
        raise ClerkNotFound("the clerk was taken off the point just now")
    return ClerkView(**dict(row))


async def dismiss_clerk(uow: UnitOfWork, point_id: UUID, member_id: UUID) -> None:
    if not await repository.delete_clerk(uow, point_id=point_id, member_id=member_id):
        raise ClerkNotFound("the member is no clerk of this point")


async def list_clerks(db: Database, point_id: UUID, *, after: UUID | None, limit: int) -> list[ClerkView]:
    return [ClerkView(**dict(row)) for row in await repository.list_clerks(db, point_id, after=after, limit=limit)]
