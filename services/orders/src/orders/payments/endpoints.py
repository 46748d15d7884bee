from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response

from common.auth.access import AnyMember, Operator, public
from common.auth.principal import Role
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.limits import LimitRate
from common.http.pages import Page, PageQuery, page
from orders.adapters.providers import CALLBACK_SCHEMA, Payable
from orders.orderbook import service as orderbook
from orders.payments import service
from orders.payments.schemas import (
    BeginPayment,
    CallbackAnswer,
    OpenPaymentView,
    PaymentExceptionView,
    PaymentList,
    PaymentView,
)
from orders.resources import CurrentResources

router = APIRouter(tags=["payments"])


@router.post("/orders/{order_id}/payments", operation_id="pay_order", status_code=201, response_model=OpenPaymentView)
async def pay_order(
    order_id: UUID, body: BeginPayment, principal: AnyMember, db: Db, resources: CurrentResources, key: OnceKey
) -> Response:
    """Begin to pay one's own order (an operator: any order); while an attempt is open, that one is given again."""
    service.provider_of(resources.providers, body.provider)
    member_id = None if principal.has(Role.OPERATOR) else principal.id

    async def action(uow: UnitOfWork) -> PaymentView:
        attempt = await service.begin(uow, order_id=order_id, member_id=member_id, provider=body.provider)
        return PaymentView(
            id=attempt.payment_id,
            order_id=attempt.order_id,
            provider=attempt.provider,
            amount_minor=attempt.amount_minor,
            currency=attempt.currency,
            status=attempt.status,
            created_at=attempt.created_at,
        )

    answer = await run_once(db, key, action)
    payment = msgspec.json.decode(answer.body)
    payable = Payable(
        payment_id=UUID(payment["id"]), amount_minor=payment["amount_minor"], currency=payment["currency"]
    )
    payment["instructions"] = await service.provider_of(resources.providers, payment["provider"]).open(payable)
    return Response(msgspec.json.encode(payment), status_code=answer.status_code, media_type="application/json")


@router.get("/orders/{order_id}/payments", operation_id="list_payments")
async def list_payments(order_id: UUID, principal: AnyMember, db: Db) -> PaymentList:
    """The attempts to pay one's own order (an operator: any order), the oldest first."""
    member_id = None if principal.has(Role.OPERATOR) else principal.id
    await orderbook.require_visible(db, order_id, member_id=member_id)
    return PaymentList(items=await service.list_of_order(db, order_id))


@router.post(
    "/payment-callbacks/{provider}",
    operation_id="receive_payment_callback",
    dependencies=[Depends(LimitRate("callbacks_per_minute")), Depends(public)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": CALLBACK_SCHEMA}},
        }
    },
)
async def receive_payment_callback(
    provider: Annotated[str, Path(max_length=32)], request: Request, db: Db, resources: CurrentResources
) -> CallbackAnswer:
    """Book what a payment provider says, verified by its own signature; saying it again changes nothing."""
    notice = service.provider_of(resources.providers, provider).read_callback(
        await request.body(), dict(request.headers)
    )
    await service.receive(db, resources, notice, provider=provider)
    return CallbackAnswer()


@router.get("/payment-exceptions", operation_id="list_payment_exceptions")
async def list_payment_exceptions(db: Db, _: Operator, pages: PageQuery) -> Page[PaymentExceptionView]:
    """Money that came late, twice, in another amount or for nothing we know, and its way back; the newest first."""
    exceptions = await service.list_exceptions(db, before=pages.after, limit=pages.limit)
    return page(exceptions, limit=pages.limit, last_id=exceptions[-1].id if exceptions else None)
