from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from common.auth.access import Operator
from common.connection import Record
from common.http.dependencies import Db
from common.http.fields import Moment
from common.http.pages import CursorInvalid, PageQuery, PageRequest, page
from common.http.spans import SpanQuery
from lifecycle.actions.endpoints import action_view
from lifecycle.answers.timelines import service
from lifecycle.answers.timelines.domain import KINDS, Kind, Mark, as_id, from_id, mark
from lifecycle.answers.timelines.schemas import TimelineEntry
from lifecycle.members import service as members
from lifecycle.members.schemas import OwnPage, own_page
from lifecycle.receipts.endpoints import receipt_view
from lifecycle.standing.transitions.schemas import TransitionView

router = APIRouter(tags=["members"])


@router.get("/members/{member_id}/timeline", operation_id="get_timeline")
async def get_timeline(
    member_id: UUID,
    _: Operator,
    db: Db,
    pages: PageQuery,
    span: SpanQuery,
    kind: Annotated[list[Kind] | None, Query(max_length=3, description="Only these kinds.")] = None,
) -> OwnPage[TimelineEntry]:
    """How a member moved, what was decided for them and what was asked for, in one order, the latest first."""
    end = _end(pages, span.until)
    merged_into = await members.merged_into(db, member_id)
    found = await service.timeline(
        db, member_id, kinds=set(kind or KINDS), end=end, since=span.since, limit=pages.limit
    )
    entries = [_entry(each.moment, kind, row) for each, kind, row in found]
    return own_page(page(entries, limit=pages.limit, last_id=as_id(found[-1][0]) if found else None), merged_into)


def _end(pages: PageRequest, until: Moment | None) -> Mark | None:
    """The earlier of where the last page ended and what is asked for."""
    latest = None if until is None else mark(until, KINDS[0], 0)
    if pages.after is None:
        return latest
    cursor = from_id(pages.after)
    if cursor is None:
        raise CursorInvalid("cursor: expected the next_cursor of an earlier page of this list")
    return cursor if latest is None else min(cursor, latest)


def _entry(moment: Moment, kind: Kind, row: Record) -> TimelineEntry:
    match kind:
        case "transition":
            return TimelineEntry(kind=kind, moment=moment, transition=TransitionView(**dict(row)))
        case "decision":
            return TimelineEntry(kind=kind, moment=moment, decision=receipt_view(row))
        case "action":
            return TimelineEntry(kind=kind, moment=moment, action=action_view(row))
