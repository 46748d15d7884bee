from fastapi import APIRouter, Response

from common.auth.access import AnyMember, Operator
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from orders.errors import OrderPriceChanged, ReferenceJustTaken
from orders.orderbook import service as orderbook
from orders.orderbook.schemas import OrderLineView, OrderView
from orders.placement import service
from orders.placement.repository import NewOrder
from orders.placement.schemas import PlaceAssistedOrder, PlaceOrder
from orders.placement.service import Placing
from orders.quotes import service as quotes
from orders.quotes.domain import Wanted, Wish
from orders.resources import CurrentResources

router = APIRouter(tags=["placing orders"])


@router.post("/orders", operation_id="place_order", status_code=201, response_model=OrderView)
async def place_order(
    body: PlaceOrder, principal: AnyMember, db: Db, resources: CurrentResources, key: OnceKey
) -> Response:
    """Place one's own order at the quoted price: stock and coupon are held until the deadline for paying."""

    async def action(uow: UnitOfWork) -> OrderView:
        wish = quotes.wish_of(body, principal.id)
        quote = await quotes.make_quote(uow, wish, currency=resources.currency)
        if quote.payable_minor != body.payable_minor:
            raise OrderPriceChanged(
                f"payable_minor: the order costs {quote.payable_minor} now; ask the member and order at that price",
                current=quotes.quote_view(quote).model_dump(mode="json"),
            )
        placing = Placing(channel="self", placed_by=principal.id, pay_window=resources.pay_window)
        order = await service.place(uow, wish, quote, placing, metrics=resources.metrics)
        return _order_view(order, shows_code=True)

    return await run_once(db, key, action)


@router.post("/assisted-orders", operation_id="place_assisted_order", status_code=201, response_model=OrderView)
async def place_assisted_order(
    body: PlaceAssistedOrder, principal: Operator, db: Db, resources: CurrentResources, key: OnceKey
) -> Response:
    """Place an order on a member's behalf 代客下單 at agreed amounts; the same reference gives the same order."""

    async def action(uow: UnitOfWork) -> OrderView:
        wish = Wish(
            member_id=body.member_id,
            pickup_point_id=body.pickup_point_id,
            campaign_id=body.campaign_id,
            coupon_id=body.coupon_id,
            lines=[
                Wanted(sku_id=line.sku_id, quantity=line.quantity or 1, agreed_minor=line.amount_minor)
                for line in body.lines
            ],
        )
        if body.source is not None and body.placed_reference is not None:
            earlier = await service.find_placed(uow, wish, source=body.source, reference=body.placed_reference)
            if earlier is not None:
                return await orderbook.get_order(uow, earlier, member_id=None, viewer_id=principal.id)
        placing = Placing(
            channel="assisted",
            placed_by=principal.id,
            pay_window=resources.pay_window,
            collected=body.collected,
            source=body.source,
            reference=body.placed_reference,
        )
        quote = await quotes.make_quote(uow, wish, currency=resources.currency)
        order = await service.place(uow, wish, quote, placing, metrics=resources.metrics)
        return _order_view(order, shows_code=False)

    try:
        return await run_once(db, key, action)
    except ReferenceJustTaken:
        return await run_once(db, key, action)


def _order_view(order: NewOrder, *, shows_code: bool) -> OrderView:
    return OrderView(
        id=order.order_id,
        member_id=order.member_id,
        channel=order.channel,
        status=order.status,
        pickup_point_id=order.pickup_point_id,
        campaign_id=order.campaign_id,
        coupon_id=order.coupon_id,
        currency=order.currency,
        items_minor=order.items_minor,
        discount_minor=order.discount_minor,
        payable_minor=order.payable_minor,
        paid_minor=order.paid_minor,
        refunded_minor=0,
        source=order.source,
        placed_reference=order.reference,
        created_at=order.created_at,
        pay_deadline=order.pay_deadline,
        confirmed_at=order.confirmed_at,
        picked_up_at=None,
        cancelled_at=None,
        lines=[
            OrderLineView(
                id=line.line_id,
                sku_id=line.priced.sku_id,
                quantity=line.priced.quantity,
                unit_price_minor=line.priced.unit_price_minor,
                amount_minor=line.priced.amount_minor,
                discount_minor=line.priced.discount_minor,
            )
            for line in order.lines
        ],
        pickup_code=order.pickup_code if shows_code and order.status == "confirmed" else None,
    )
