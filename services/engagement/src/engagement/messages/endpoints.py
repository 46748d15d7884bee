from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from common.auth.access import AnyMember, Operator
from common.connection import Record
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.messages import service
from engagement.messages.schemas import InboxView, MessageView, SendMessage

router = APIRouter(tags=["messages"])


def _view(row: Record) -> MessageView:
    return MessageView(**{name: row[name] for name in MessageView.model_fields})


@router.post("/members/{member_id}/messages", operation_id="send_message", status_code=201, response_model=MessageView)
async def send_message(member_id: UUID, body: SendMessage, _: Operator, db: Db, key: OnceKey) -> Response:
    """Send a member a message of a template."""

    async def action(uow: UnitOfWork) -> MessageView:
        row = await service.send(
            uow, member_id=member_id, template=body.template, channel=body.channel, values=body.values
        )
        return _view(row)

    return await run_once(db, key, action)


@router.get("/inbox", operation_id="get_inbox")
async def get_inbox(principal: AnyMember, db: Db) -> InboxView:
    """How many letters 站內信 the caller has not read."""
    return InboxView(unread=await service.count_unread(db, principal.id))


@router.get("/inbox/messages", operation_id="list_inbox_messages")
async def list_inbox_messages(
    principal: AnyMember,
    db: Db,
    pages: PageQuery,
    unread: Annotated[bool, Query(description="Only those not read.")] = False,
) -> Page[MessageView]:
    """The caller's letters, newest first."""
    rows = await service.list_inbox(db, principal.id, unread=unread, before=pages.after, limit=pages.limit)
    views = [_view(row) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


@router.post("/inbox/messages/{message_id}/read", operation_id="read_inbox_message")
async def read_inbox_message(message_id: UUID, principal: AnyMember, db: Db) -> MessageView:
    """Mark a letter as read; the first time counts."""
    async with db.transaction() as uow:
        return _view(await service.read(uow, message_id=message_id, member_id=principal.id))
