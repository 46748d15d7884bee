from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from common.http.pages import PageQuery, page
from lifecycle.members import service as members
from lifecycle.members.schemas import OwnPage, own_page
from lifecycle.resources import Resources
from lifecycle.standing.transitions import service
from lifecycle.standing.transitions.schemas import (
    FromDay,
    Period,
    ToDay,
    TransitionCount,
    TransitionCounts,
    TransitionView,
)

router = APIRouter(tags=["transitions"])


@router.get("/members/{member_id}/transitions", operation_id="list_transitions")
async def list_transitions(member_id: UUID, _: Operator, db: Db, pages: PageQuery) -> OwnPage[TransitionView]:
    """A member's timeline, newest first."""
    merged_into = await members.merged_into(db, member_id)
    rows = await service.of_member(db, member_id, before=pages.after_number, limit=pages.limit)
    views = [TransitionView(**dict(row)) for row in rows]
    return own_page(page(views, limit=pages.limit, last_id=rows[-1]["number"] if rows else None), merged_into)


@router.get("/transition-counts", operation_id="count_transitions")
async def count_transitions(
    _: Operator,
    db: Db,
    runtime: CurrentRuntime,
    first: FromDay,
    last: ToDay,
    by: Annotated[Period, Query(description="Counted by business day or calendar month.")] = "day",
) -> TransitionCounts:
    """How many members moved from where to where, by business day or month."""
    resources: Resources = runtime.resources
    engine = await resources.versions.engine_at(db, db.clock.now())
    counted = await service.count(db, engine.calendar, first=first, last=last, by=by)
    items = [TransitionCount(**{**dict(row), "period": period}) for period, row in counted]
    return TransitionCounts(time_zone=engine.policy.tz, items=items)
