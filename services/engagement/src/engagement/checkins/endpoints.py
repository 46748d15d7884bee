from fastapi import APIRouter, Response

from common.auth.access import AnyMember
from common.clock import business_day
from common.connection import Record
from common.http.dependencies import CurrentRuntime, Db
from common.http.pages import Page, PageQuery, page
from engagement.checkins import service
from engagement.checkins.schemas import CheckinView

router = APIRouter(prefix="/checkins", tags=["check-ins"])


@router.post(
    "",
    operation_id="check_in",
    status_code=201,
    responses={200: {"model": CheckinView, "description": "The caller has checked in today already."}},
)
async def check_in(principal: AnyMember, db: Db, runtime: CurrentRuntime, response: Response) -> CheckinView:
    """Check in 簽到, once a business day; again on the same day gives the same check-in."""
    async with db.transaction() as uow:
        day = business_day(uow.now, runtime.settings.zone)
        row, new = await service.check_in(uow, member_id=principal.id, day=day)
    response.status_code = 201 if new else 200
    return _view(row)


@router.get("", operation_id="list_own_checkins")
async def list_own_checkins(principal: AnyMember, db: Db, pages: PageQuery) -> Page[CheckinView]:
    """The caller's check-ins, newest first."""
    rows = await service.list_of_member(db, principal.id, before=pages.after, limit=pages.limit)
    views = [_view(row) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


def _view(row: Record) -> CheckinView:
    return CheckinView(**{name: row[name] for name in CheckinView.model_fields})
