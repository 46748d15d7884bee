from uuid import UUID

from fastapi import APIRouter, Response

from common.auth.access import AnyMember, Operator
from common.connection import Record
from common.db import Database, UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, PageRequest, page
from members.accounts import service as accounts
from members.points import service
from members.points.schemas import AdjustPoints, EntryView, PointsView

router = APIRouter(tags=["points"])


def _view(row: Record) -> EntryView:
    return EntryView(**{name: row[name] for name in EntryView.model_fields})


@router.get("/members/me/points", operation_id="get_own_points")
async def get_own_points(principal: AnyMember, db: Db) -> PointsView:
    """The caller's balance of points 積分."""
    return PointsView(balance=await service.get_balance(db, principal.id))


@router.get("/members/me/points/entries", operation_id="list_own_points_entries")
async def list_own_points_entries(principal: AnyMember, db: Db, pages: PageQuery) -> Page[EntryView]:
    """The caller's ledger, newest first."""
    return await _list(db, principal.id, pages)


@router.get("/members/{member_id}/points", operation_id="get_points")
async def get_points(member_id: UUID, _: Operator, db: Db) -> PointsView:
    """A member's balance of points."""
    await accounts.get_member(db, member_id)
    return PointsView(balance=await service.get_balance(db, member_id))


@router.get("/members/{member_id}/points/entries", operation_id="list_points_entries")
async def list_points_entries(member_id: UUID, _: Operator, db: Db, pages: PageQuery) -> Page[EntryView]:
    """A member's ledger, newest first."""
    await accounts.get_member(db, member_id)
    return await _list(db, member_id, pages)


@router.post(
    "/members/{member_id}/points/adjustments", operation_id="adjust_points", status_code=201, response_model=EntryView
)
async def adjust_points(member_id: UUID, body: AdjustPoints, _: Operator, db: Db, key: OnceKey) -> Response:
    """Add points to a member's ledger, or take some; never more than there are."""

    async def action(uow: UnitOfWork) -> EntryView:
        row = await service.adjust(
            uow,
            member_id=member_id,
            points=body.points,
            reason=body.reason,
            business_id=body.business_id or f"{key.actor}:{key.key}",
        )
        return _view(row)

    return await run_once(db, key, action)


@router.post(
    "/members/{member_id}/points/entries/{entry_id}/reversal",
    operation_id="reverse_points_entry",
    status_code=201,
    response_model=EntryView,
)
async def reverse_points_entry(member_id: UUID, entry_id: UUID, _: Operator, db: Db, key: OnceKey) -> Response:
    """Take back what an entry gave, by its inverse, once."""

    async def action(uow: UnitOfWork) -> EntryView:
        return _view(await service.reverse(uow, member_id=member_id, entry_id=entry_id))

    return await run_once(db, key, action)


async def _list(db: Database, member_id: UUID, pages: PageRequest) -> Page[EntryView]:
    rows = await service.list_entries(db, member_id=member_id, before=pages.after_number, limit=pages.limit)
    views = [_view(row) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].number if views else None)
