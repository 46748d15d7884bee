from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from common.auth.access import Operator
from common.connection import Record
from common.http.dependencies import Db
from common.http.fields import Code
from common.http.pages import Page, PageQuery, PageRequest, page
from common.http.spans import SpanQuery
from lifecycle.actions import service
from lifecycle.actions.schemas import ActionCount, ActionCounts, ActionState, ActionView
from lifecycle.members import service as members
from lifecycle.members.schemas import OwnPage, own_page

router = APIRouter(tags=["actions"])


def action_view(row: Record) -> ActionView:
    return ActionView(**{name: row[name] for name in ActionView.model_fields})


@router.get("/members/{member_id}/actions", operation_id="list_member_actions")
async def list_member_actions(member_id: UUID, _: Operator, db: Db, pages: PageQuery) -> OwnPage[ActionView]:
    """What was asked for a member, newest first."""
    merged_into = await members.merged_into(db, member_id)
    rows = await service.list_actions(db, member_id=member_id, before=pages.after_number, limit=pages.limit)
    return own_page(_page(rows, pages), merged_into)


@router.get("/actions", operation_id="list_actions")
async def list_actions(
    _: Operator,
    db: Db,
    pages: PageQuery,
    span: SpanQuery,
    rule: Annotated[Code | None, Query(description="Only those of this rule.")] = None,
    state: Annotated[ActionState | None, Query(description="Only those in this state.")] = None,
) -> Page[ActionView]:
    """What was asked for any member, newest first."""
    rows = await service.list_actions(
        db, rule=rule, state=state, since=span.since, until=span.until, before=pages.after_number, limit=pages.limit
    )
    return _page(rows, pages)


@router.get("/action-counts", operation_id="count_actions")
async def count_actions(_: Operator, db: Db) -> ActionCounts:
    """How many actions each rule asked for, by kind and state."""
    return ActionCounts(items=[ActionCount(**dict(row)) for row in await service.counts(db)])


def _page(rows: list[Record], pages: PageRequest) -> Page[ActionView]:
    views = [action_view(row) for row in rows]
    return page(views, limit=pages.limit, last_id=rows[-1]["number"] if rows else None)
