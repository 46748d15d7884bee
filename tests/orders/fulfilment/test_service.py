"""How orders end, whatever else happens at the same time, each on a connection of its own."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from common.clock import VirtualClock
from common.contracts.orders import CouponReleased, OrderCancelled, OrderConfirmed, OrderPickedUp, OrderRefunded
from common.db import UnitOfWork
from common.errors import Unavailable
from common.ids import new_id
from common.testing.races import race
from common.testing.services import RunningService
from factories.orders import Json, Shop
from orders.errors import OrderNotReady, OrderNotRefundable, PaymentUnsettled
from orders.fulfilment import service
from orders.jobs import ask_providers
from orders.payments import repository as payments_repository
from orders.payments import service as payments
from orders.refunds import service as refunds

pytestmark = pytest.mark.integration

Works = list[Callable[[UnitOfWork], Awaitable[Any]]]


async def past_the_deadline(shop: Shop, clock: VirtualClock) -> None:
    await clock.advance_to(clock.now() + shop.resources.pay_window)


def cancelling(order: Json) -> Callable[[UnitOfWork], Awaitable[Any]]:
    member_id = UUID(order["member_id"])
    return partial(
        service.try_cancel, order_id=UUID(order["id"]), member_id=member_id, actor=member_id, reason="member"
    )


async def test_cancelled_and_timed_out_at_once_gives_everything_back_once(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku = new_id(), await shop.sku(stock=10)
    campaign = await shop.campaign((sku, 800, 10))
    order = await shop.place(member, (sku, 3), campaign_id=campaign, coupon_id=await shop.coupon(member))
    await past_the_deadline(shop, clock)
    works: Works = [partial(service.time_out, order_id=UUID(order["id"])), cancelling(order)] * 10
    results = await race(orders.db, *works)

    assert results == [None] * 20
    assert len(await orders.events(OrderCancelled)) == len(await orders.events(CouponReleased)) == 1
    assert await shop.stock(sku) == 10


async def test_the_timers_of_two_processes_end_each_order_once(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    sku = await shop.sku(stock=5)
    for _ in range(5):
        await shop.place(new_id(), (sku, 1))
    assert await orders.fire_timers() == 0
    await past_the_deadline(shop, clock)
    fired = await race_timers(orders)

    assert fired == 5
    assert [event.reason for event in await orders.events(OrderCancelled)] == ["timeout"] * 5
    assert await shop.stock(sku) == 5


async def race_timers(orders: RunningService) -> int:
    async def fire(_: UnitOfWork) -> int:
        return await orders.fire_timers()

    return sum(fired for fired in await race(orders.db, fire, fire, fire) if isinstance(fired, int))


async def test_one_code_shown_to_twenty_clerks_is_handed_over_once(shop: Shop, orders: RunningService) -> None:
    clerk = new_id()
    point = await shop.new_point(clerk=clerk)
    order = await shop.place(new_id(), (await shop.sku(stock=1), 1))
    await shop.pay(order)
    code = (await shop.order(order))["pickup_code"]
    hand_over = partial(service.hand_over, code=code, point_id=UUID(point), clerk_id=clerk, actor=clerk)
    results = await race(orders.db, *[hand_over] * 20)

    assert sum(isinstance(result, OrderNotReady) for result in results) == 19
    assert UUID(order["id"]) in results
    assert len(await orders.events(OrderPickedUp)) == 1


async def test_what_is_being_refunded_is_not_handed_over_and_the_other_way_round(
    shop: Shop, orders: RunningService
) -> None:
    point, sku = UUID(await shop.point()), await shop.sku(stock=5)
    placed = [await shop.place(new_id(), (sku, 1)) for _ in range(5)]
    works = Works()
    for order in placed:
        await shop.pay(order)
        code = (await shop.order(order))["pickup_code"]
        works += [
            partial(service.hand_over, code=code, point_id=point, clerk_id=None, actor=shop.operator),
            partial(
                refunds.request, order_id=UUID(order["id"]), lines=None, reason="spoiled", requested_by=shop.operator
            ),
        ] * 2
    results = await race(orders.db, *works)
    while await refunds.send_due(orders.db, shop.resources.providers):
        pass

    assert not [got for got in results if not isinstance(got, UUID | OrderNotReady | OrderNotRefundable)]
    handed_over = {event.order_id for event in await orders.events(OrderPickedUp)}
    assert len(await orders.events(OrderRefunded)) == 5
    assert await shop.stock(sku) == 5 - len(handed_over), "what is out of the house is not for sale again"


async def test_a_free_order_is_cancelled_or_handed_over(shop: Shop, orders: RunningService) -> None:
    point, sku = UUID(await shop.point()), await shop.sku(price_minor=0, stock=5)
    placed = [await shop.place(new_id(), (sku, 1)) for _ in range(5)]
    works = Works()
    for order in placed:
        hand_over = partial(
            service.hand_over, code=order["pickup_code"], point_id=point, clerk_id=None, actor=shop.operator
        )
        works += [cancelling(order), hand_over] * 2
    await race(orders.db, *works)

    handed_over = {event.order_id for event in await orders.events(OrderPickedUp)}
    cancelled = {event.order_id for event in await orders.events(OrderCancelled)}
    assert handed_over | cancelled == {UUID(order["id"]) for order in placed}
    assert not handed_over & cancelled
    assert await shop.stock(sku) == len(cancelled)


async def test_what_a_provider_cannot_tell_about_keeps_what_it_holds(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku = new_id(), await shop.sku(stock=1)
    order = await shop.place(member, (sku, 1), coupon_id=await shop.coupon(member))
    payment = await shop.begin_payment(order)
    provider = shop.script(closing="unknown")
    await past_the_deadline(shop, clock)
    for closing in ("unknown", Unavailable("away"), TimeoutError()):
        provider.closing = closing
        await ask_providers(orders.db)
        await orders.fire_timers()
        assert (await shop.order(order))["status"] == "pending_payment"
        assert await shop.stock(sku) == 0
        assert (await shop.get("/coupons", member_id=member)).json()["items"][0]["status"] == "locked"
        with pytest.raises(PaymentUnsettled):
            await service.cancel(
                orders.db, shop.resources, UUID(order["id"]), member_id=member, actor=member, reason="member"
            )
        await clock.advance_to(clock.now() + service.LOOK_AGAIN)

    provider.closing, provider.transaction_id, provider.amount_minor = "paid", "found", payment["amount_minor"]
    await ask_providers(orders.db)
    assert (await shop.order(order))["status"] == "confirmed"
    await orders.fire_timers()
    assert await orders.events(OrderCancelled) == []


async def test_what_its_provider_closes_at_the_deadline_is_timed_out(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    order = await shop.place(new_id(), (await shop.sku(stock=1), 1))
    payment = await shop.begin_payment(order)
    provider = shop.script()
    await ask_providers(orders.db)
    assert provider.closed == [], "not before the deadline"
    await past_the_deadline(shop, clock)
    async with orders.db.transaction() as another:
        assert len(await payments_repository.take_overdue(another, asked_before=another.now, limit=1)) == 1
        await ask_providers(orders.db)
        assert provider.closed == [], "another process is about to ask"
        await another.execute("UPDATE payment SET asked_at = NULL")
    await ask_providers(orders.db)

    assert provider.closed == [UUID(payment["id"])]
    [cancelled] = await orders.events(OrderCancelled)
    assert (str(cancelled.order_id), cancelled.reason) == (order["id"], "timeout")
    assert await orders.fire_timers() == 0


async def test_a_payment_closed_by_its_provider_is_timed_out_by_the_timer(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    order = await shop.place(new_id(), (await shop.sku(stock=1), 1))
    payment = await shop.begin_payment(order)
    await past_the_deadline(shop, clock)
    assert await orders.fire_timers() == 1
    assert (await shop.order(order))["status"] == "pending_payment"

    await shop.call_back(payment, outcome="closed")
    await clock.advance_to(clock.now() + service.LOOK_AGAIN)
    assert await orders.fire_timers() == 1
    assert (await shop.order(order))["status"] == "cancelled"


async def test_those_nobody_answers_for_hold_up_nobody_else(
    shop: Shop, orders: RunningService, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "AT_ONCE", 2)
    sku = await shop.sku(stock=5)
    placed = [await shop.place(new_id(), (sku, 1)) for _ in range(5)]
    begun = [await shop.begin_payment(order) for order in placed]
    await past_the_deadline(shop, clock)
    provider = shop.script(closing=TimeoutError())
    for _ in range(4):
        await ask_providers(orders.db)

    assert sorted(provider.closed) == sorted(UUID(payment["id"]) for payment in begun), "each once a minute"
    await clock.advance_to(clock.now() + payments.ASK_AGAIN)
    provider.closing = "closed"
    for _ in range(3):
        await ask_providers(orders.db)
    assert len(await orders.events(OrderCancelled)) == 5
    assert await orders.events(OrderConfirmed) == []
