from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from common.auth.access import Operator
from common.connection import Record
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.fields import Code
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.deliveries import service
from engagement.deliveries.domain import State
from engagement.deliveries.schemas import AttemptView, DeliveryDetails, DeliveryView

router = APIRouter(prefix="/webhook-deliveries", tags=["webhooks"])

WantedEndpoint = Annotated[Code | None, Query(description="Only those to this endpoint.")]
WantedState = Annotated[State | None, Query(description="Only those in this state.")]
WantedMember = Annotated[UUID | None, Query(description="Only those about this member.")]


def _view(row: Record) -> DeliveryView:
    return DeliveryView(**{name: row[name] for name in DeliveryView.model_fields})


@router.get("", operation_id="list_webhook_deliveries")
async def list_webhook_deliveries(
    _: Operator,
    db: Db,
    pages: PageQuery,
    endpoint: WantedEndpoint = None,
    state: WantedState = None,
    member_id: WantedMember = None,
) -> Page[DeliveryView]:
    """Webhooks, newest first."""
    rows = await service.list_some(
        db, endpoint=endpoint, state=state, member_id=member_id, before=pages.after, limit=pages.limit
    )
    return page([_view(row) for row in rows], limit=pages.limit, last_id=rows[-1]["id"] if rows else None)


@router.get("/{delivery_id}", operation_id="get_webhook_delivery")
async def get_webhook_delivery(delivery_id: UUID, _: Operator, db: Db) -> DeliveryDetails:
    """One webhook, with its attempts."""
    view = _view(await service.get(db, delivery_id))
    tried = [
        AttemptView(**{name: row[name] for name in AttemptView.model_fields})
        for row in await service.list_attempts(db, delivery_id)
    ]
    return DeliveryDetails(**dict(view), tried=tried)


@router.post("/{delivery_id}/resend", operation_id="resend_webhook", status_code=202, response_model=DeliveryView)
async def resend_webhook(delivery_id: UUID, _: Operator, db: Db, key: OnceKey) -> Response:
    """Send a webhook once more, under the same id, or now if it waits; what was told of its action stays."""

    async def action(uow: UnitOfWork) -> DeliveryView:
        return _view(await service.resend(uow, delivery_id))

    return await run_once(db, key, action, status=202)
