from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from common.auth.access import AnyMember, Operator
from common.connection import Record
from common.db import Database, UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.fields import Code
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, PageRequest, page
from engagement.complaints import service
from engagement.complaints.domain import State
from engagement.complaints.schemas import ComplaintDetails, ComplaintView, OpenComplaint
from engagement.resources import Resources

router = APIRouter(tags=["complaints"])

WantedTopic = Annotated[Code | None, Query(description="Only those of this topic.")]
WantedState = Annotated[State | None, Query(description="Only those in this state.")]
WantedMember = Annotated[UUID | None, Query(description="Only those of this member.")]


def _view(row: Record) -> ComplaintView:
    return ComplaintView(**{name: row[name] for name in ComplaintView.model_fields})


def _details(row: Record) -> ComplaintDetails:
    return ComplaintDetails(**{name: row[name] for name in ComplaintDetails.model_fields})


@router.post("/members/me/complaints", operation_id="open_complaint", status_code=201, response_model=ComplaintView)
async def open_complaint(
    body: OpenComplaint, principal: AnyMember, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Complain 投訴."""
    resources: Resources = runtime.resources

    async def action(uow: UnitOfWork) -> ComplaintView:
        return _view(
            await service.open_one(uow, member_id=principal.id, topics=resources.complaint_topics, **dict(body))
        )

    return await run_once(db, key, action)


@router.get("/members/me/complaints", operation_id="list_own_complaints")
async def list_own_complaints(
    principal: AnyMember, db: Db, pages: PageQuery, state: WantedState = None
) -> Page[ComplaintView]:
    """The caller's complaints, newest first."""
    return await _list(db, pages, member_id=principal.id, topic=None, state=state)


@router.get("/members/me/complaints/{complaint_id}", operation_id="get_own_complaint")
async def get_own_complaint(complaint_id: UUID, principal: AnyMember, db: Db) -> ComplaintDetails:
    """One of the caller's complaints, with its text."""
    return _details(await service.get(db, complaint_id, member_id=principal.id))


@router.post("/members/me/complaints/{complaint_id}/take-back", operation_id="take_back_complaint")
async def take_back_complaint(complaint_id: UUID, principal: AnyMember, db: Db) -> ComplaintView:
    """Take back a complaint of one's own."""
    async with db.transaction() as uow:
        return _view(await service.close(uow, complaint_id, outcome="taken_back", member_id=principal.id))


@router.get("/complaints", operation_id="list_complaints")
async def list_complaints(
    _: Operator,
    db: Db,
    pages: PageQuery,
    topic: WantedTopic = None,
    state: WantedState = None,
    member_id: WantedMember = None,
) -> Page[ComplaintView]:
    """Complaints, newest first."""
    return await _list(db, pages, member_id=member_id, topic=topic, state=state)


@router.get("/complaints/{complaint_id}", operation_id="get_complaint")
async def get_complaint(complaint_id: UUID, _: Operator, db: Db) -> ComplaintDetails:
    """One complaint, with its text."""
    return _details(await service.get(db, complaint_id))


@router.post("/complaints/{complaint_id}/settle", operation_id="settle_complaint")
async def settle_complaint(complaint_id: UUID, _: Operator, db: Db) -> ComplaintView:
    """Close a complaint as settled."""
    async with db.transaction() as uow:
        return _view(await service.close(uow, complaint_id, outcome="settled"))


async def _list(
    db: Database, pages: PageRequest, *, member_id: UUID | None, topic: str | None, state: State | None
) -> Page[ComplaintView]:
    rows = await service.list_some(
        db, member_id=member_id, topic=topic, state=state, before=pages.after, limit=pages.limit
    )
    return page([_view(row) for row in rows], limit=pages.limit, last_id=rows[-1]["id"] if rows else None)
