import hashlib
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.auth.access import Operator, public
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import RequestKey, run_once
from common.http.limits import LimitRate
from common.http.pages import Page, PageQuery, page
from engagement.channels.endpoints import ChannelCode, VerifiedDelivery
from engagement.chat import service
from engagement.chat.schemas import ChatMessageView, Delivery, DeliveryTaken

router = APIRouter(tags=["chat"])


@router.post(
    "/channels/{channel}/messages",
    operation_id="deliver_chat_messages",
    response_model=DeliveryTaken,
    dependencies=[Depends(LimitRate("webhooks_per_minute")), Depends(public)],
)
async def deliver_chat_messages(
    channel: ChannelCode,
    body: Delivery,
    delivery_id: VerifiedDelivery,
    request: Request,
    db: Db,
) -> Response:
    """Take in a batch of chat messages, signed by its channel (Standard Webhooks); delivering it again changes nothing."""
    key = RequestKey(f"channel:{channel}", delivery_id, hashlib.sha256(await request.body()).digest())

    async def action(uow: UnitOfWork) -> DeliveryTaken:
        return await service.ingest(uow, channel=channel, messages=body.messages)

    return await run_once(db, key, action, status=200)


@router.get("/communities/{community_id}/messages", operation_id="list_chat_messages")
async def list_chat_messages(community_id: UUID, _: Operator, db: Db, pages: PageQuery) -> Page[ChatMessageView]:
    """What was written in a community's chat, newest first."""
    rows = await service.list_of_community(db, community_id, before=pages.after, limit=pages.limit)
    views = [ChatMessageView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)
