"""The baseline: the endpoint that places an order, written as a FastAPI service with SQLModel and ORM sessions is.

It does what the service does with an order outside of campaigns, to the same tables in the same order of locks: price, stock,
coupon, order with lines, adjustments and transition, deadline, event, Idempotency-Key. Schemas, prices and the
event's encoding are the service's own. `agreement.py` checks that both leave the same rows.
"""

import base64
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import BigInteger, Column, Identity, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, col, select

from common import context
from common.auth.access import AnyMember
from common.connection import session_settings
from common.contracts.envelope import encode
from common.contracts.orders import OrderCreated
from common.contracts.orders import OrderLine as ToldLine
from common.contracts.topics import topic_name
from common.http.idempotency import IdempotencyKeyReused, OnceKey, RequestInProgress, RequestKey
from common.ids import new_id
from common.models import Moment, service_metadata
from common.runtime import Runtime
from orders.coupons.domain import CouponTerms
from orders.errors import CouponUnknown, OrderPriceChanged, OutOfStock, PickupPointUnknown
from orders.models import Coupon, Order, OrderAdjustment, OrderLine, OrderTransition, PickupPoint, Sku
from orders.orderbook.schemas import OrderLineView, OrderView
from orders.placement.schemas import PlaceOrder
from orders.placement.service import PAY_DEADLINE
from orders.quotes.domain import Offer, Quote, Wanted, price_order
from orders.quotes.service import quote_view
from orders.resources import Resources
from orders.resources import build_resources as build_service_resources

LOCK_NOT_AVAILABLE = "55P03"


class Table(SQLModel, registry=registry(metadata=service_metadata("orders"))):
    """What the log keeps in every service's schema: `common.bus.tables` has no models of it."""


class IdempotencyKey(Table, table=True):
    __tablename__ = "idempotency_key"
    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes
    status: int | None = None
    response: bytes | None = None
    created_at: datetime = Field(sa_type=Moment)


class Timer(Table, table=True):
    __tablename__ = "timer"
    kind: str = Field(primary_key=True)
    business_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=Moment)


class Incarnation(Table, table=True):
    __tablename__ = "log_incarnation"
    generation: int = Field(primary_key=True)
    started: datetime = Field(sa_type=Moment)
    place: str


class OutboxEvent(Table, table=True):
    __tablename__ = "outbox"
    generation: Any = Field(sa_type=BigInteger)
    xid: Any = Field(sa_type=BigInteger)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    appended_at: Any = Field(sa_type=Moment)
    topic: str
    key: str
    type: str
    event_id: UUID
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OrmResources(Resources):
    sessions: async_sessionmaker[AsyncSession]


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[OrmResources]:
    """As many connections as the service has, set up alike."""
    settings = runtime.settings
    engine = create_async_engine(
        settings.database_url.get_secret_value().replace("postgresql://", "postgresql+asyncpg://"),
        pool_size=settings.database_connections,
        max_overflow=0,
        connect_args={"server_settings": session_settings(schema="orders", application="orm")},
    )
    async with build_service_resources(runtime) as own:
        try:
            yield OrmResources(
                currency=own.currency,
                pay_window=own.pay_window,
                providers=own.providers,
                metrics=own.metrics,
                sessions=async_sessionmaker(engine, expire_on_commit=False),
            )
        finally:
            await engine.dispose()


async def get_orm_resources(request: Request) -> OrmResources:
    resources: OrmResources = request.app.state.runtime.resources
    return resources


CurrentResources = Annotated[OrmResources, Depends(get_orm_resources)]


async def open_session(resources: CurrentResources) -> AsyncIterator[AsyncSession]:
    async with resources.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]

router = APIRouter(tags=["placing orders"])


@router.post("/orders", operation_id="place_order", status_code=201, response_model=OrderView)
async def place_order(
    body: PlaceOrder, principal: AnyMember, session: Session, resources: CurrentResources, key: OnceKey
) -> Response:
    """Place one's own order at the quoted price."""
    try:
        async with session.begin():
            stored = await _claim(session, key)
            if stored is None:
                view = await _place(session, body, principal.id, resources)
                stored = (201, view.model_dump_json().encode())
                await _store(session, key, *stored)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise RequestInProgress("this request is being carried out; ask again", retry_after_seconds=1) from error
    resources.metrics.count_placed("self")
    return Response(stored[1], status_code=stored[0], media_type="application/json")


async def _claim(session: AsyncSession, key: RequestKey) -> tuple[int, bytes] | None:
    claimed = await session.execute(
        insert(IdempotencyKey)
        .values(actor=key.actor, key=key.key, request_hash=key.request_hash, created_at=datetime.now(UTC))
        .on_conflict_do_nothing()
        .returning(col(IdempotencyKey.key))
    )
    if claimed.first() is not None:
        return None
    stored = await session.get_one(IdempotencyKey, (key.actor, key.key))
    if stored.status is None or stored.response is None:
        raise RequestInProgress("this request is being carried out; ask again", retry_after_seconds=1)
    if stored.request_hash != key.request_hash:
        raise IdempotencyKeyReused("this Idempotency-Key was used for another request; make a new one")
    return stored.status, stored.response


async def _store(session: AsyncSession, key: RequestKey, status: int, response: bytes) -> None:
    await session.execute(
        update(IdempotencyKey)
        .where(col(IdempotencyKey.actor) == key.actor, col(IdempotencyKey.key) == key.key)
        .values(status=status, response=response)
    )


async def _place(session: AsyncSession, body: PlaceOrder, member_id: UUID, resources: OrmResources) -> OrderView:
    now = datetime.now(UTC)
    point = await session.get(PickupPoint, body.pickup_point_id)
    if point is None or not point.active:
        raise PickupPointUnknown("pickup_point_id: there is no such pick-up point, or it takes no orders")
    skus = await _lock_skus(session, [line.sku_id for line in body.lines])
    coupon = await _lock_coupon(session, body.coupon_id, member_id) if body.coupon_id else None
    quote = _price(body, skus, coupon, currency=resources.currency, now=now)
    _reserve(quote, skus)
    order = _new_order(body, quote, member_id=member_id, now=now, deadline=now + resources.pay_window)
    session.add(order)
    await session.flush()
    lines = _new_lines(order, quote)
    session.add_all(lines)
    if coupon is not None:
        coupon.status, coupon.order_id, coupon.changed_at = "locked", order.id, now
        session.add_all(_adjustments(coupon, lines))
    session.add(OrderTransition(order_id=order.id, to_status=order.status, actor=member_id, reason="placed", at=now))
    session.add(Timer(kind=PAY_DEADLINE, business_id=order.id, due_at=now + resources.pay_window))
    await session.flush()
    session.add(_told(order, lines))
    await session.flush()
    return _view(order, lines)


async def _lock_skus(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Sku]:
    query = select(Sku).where(col(Sku.id).in_(ids), col(Sku.active)).order_by(col(Sku.id)).with_for_update()
    return {sku.id: sku for sku in await session.scalars(query)}


async def _lock_coupon(session: AsyncSession, coupon_id: UUID, member_id: UUID) -> Coupon:
    query = select(Coupon).where(Coupon.id == coupon_id, Coupon.member_id == member_id).with_for_update()
    coupon = (await session.scalars(query)).one_or_none()
    if coupon is None:
        raise CouponUnknown("coupon_id: the member has no such coupon")
    return coupon


def _price(body: PlaceOrder, skus: Mapping[UUID, Sku], coupon: Coupon | None, *, currency: str, now: datetime) -> Quote:
    quote = price_order(
        [Wanted(sku_id=line.sku_id, quantity=line.quantity) for line in body.lines],
        {sku.id: Offer(price_minor=sku.price_minor, tracked=sku.supplied is not None) for sku in skus.values()},
        campaign=None,
        coupon=_terms(coupon) if coupon is not None else None,
        currency=currency,
        now=now,
    )
    if quote.payable_minor != body.payable_minor:
        raise OrderPriceChanged(
            f"payable_minor: the order costs {quote.payable_minor} now; ask the member and order at that price",
            current=quote_view(quote).model_dump(mode="json"),
        )
    return quote


def _terms(coupon: Coupon) -> CouponTerms:
    return CouponTerms(
        coupon_id=coupon.id,
        value_minor=coupon.value_minor,
        minimum_spend_minor=coupon.minimum_spend_minor,
        currency=coupon.currency,
        valid_from=coupon.valid_from,
        expires_at=coupon.expires_at,
        status=coupon.status,
    )


def _reserve(quote: Quote, skus: Mapping[UUID, Sku]) -> None:
    for line in quote.lines:
        sku = skus[line.sku_id]
        if sku.supplied is None:
            continue
        if sku.reserved + sku.sold + line.quantity > sku.supplied:
            raise OutOfStock(f"lines: fewer than {line.quantity} of {line.sku_id} are left")
        sku.reserved += line.quantity


def _new_order(body: PlaceOrder, quote: Quote, *, member_id: UUID, now: datetime, deadline: datetime) -> Order:
    return Order(
        id=new_id(),
        member_id=member_id,
        channel="self",
        status="pending_payment",
        pickup_point_id=body.pickup_point_id,
        coupon_id=quote.coupon_id,
        currency=quote.currency,
        items_minor=quote.items_minor,
        discount_minor=quote.discount_minor,
        payable_minor=quote.payable_minor,
        paid_minor=0,
        refunded_minor=0,
        open_refunds=0,
        pickup_code=base64.b32encode(secrets.token_bytes(8)).decode().rstrip("="),
        placed_by=member_id,
        created_at=now,
        pay_deadline=deadline,
    )


def _new_lines(order: Order, quote: Quote) -> list[OrderLine]:
    return [
        OrderLine(
            order_id=order.id,
            line_id=new_id(),
            sku_id=line.sku_id,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            amount_minor=line.amount_minor,
            discount_minor=line.discount_minor,
            refunded_quantity=0,
            refunded_minor=0,
            takes_stock=line.takes_stock,
            takes_cap=line.takes_cap,
        )
        for line in quote.lines
    ]


def _adjustments(coupon: Coupon, lines: Sequence[OrderLine]) -> list[OrderAdjustment]:
    return [
        OrderAdjustment(
            order_id=line.order_id,
            line_id=line.line_id,
            source="coupon",
            source_id=coupon.id,
            amount_minor=line.discount_minor,
        )
        for line in lines
        if line.discount_minor
    ]


def _told(order: Order, lines: Sequence[OrderLine]) -> OutboxEvent:
    event = OrderCreated(
        order_id=order.id,
        member_id=order.member_id,
        pickup_point_id=order.pickup_point_id,
        channel="self",
        lines=[
            ToldLine(line_id=line.line_id, sku_id=line.sku_id, quantity=line.quantity, amount_minor=line.amount_minor)
            for line in lines
        ],
        items_minor=order.items_minor,
        discount_minor=order.discount_minor,
        payable_minor=order.payable_minor,
        currency=order.currency,
        created_at=order.created_at,
        coupon_id=order.coupon_id,
        pay_deadline=order.pay_deadline,
    )
    event_id, type_name = new_id(), event.type_name()
    present = select(Incarnation.generation).where(
        Incarnation.started == func.pg_postmaster_start_time(),
        Incarnation.place == func.pg_relation_filepath("log_incarnation"),
    )
    return OutboxEvent(
        generation=present.scalar_subquery(),
        xid=func.pg_current_xact_id(),
        appended_at=func.clock_timestamp(),
        topic=topic_name("orders"),
        key=event.subject,
        type=type_name,
        event_id=event_id,
        envelope=encode(
            event,
            event_id=event_id,
            service="orders",
            type_name=type_name,
            time=order.created_at,
            correlation_id=context.correlation_id.get(),
        ),
    )


def _view(order: Order, lines: Sequence[OrderLine]) -> OrderView:
    shown = order.model_dump(include=set(OrderView.model_fields) - {"pickup_code"})
    return OrderView(
        **shown,
        lines=[
            OrderLineView(id=line.line_id, **line.model_dump(include=set(OrderLineView.model_fields))) for line in lines
        ],
        pickup_code=None,
    )
