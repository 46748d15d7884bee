"""Money that comes, at the same time as anything else, each on a connection of its own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.contracts.orders import OrderCancelled, OrderConfirmed, OrderPaid
from common.db import UnitOfWork
from common.ids import new_id
from common.testing.races import race
from common.testing.services import RunningService
from factories.orders import Json, Shop
from orders.adapters.providers import DEVELOPMENT, Notice
from orders.errors import OrderNotCancellable, OrderNotPayable
from orders.fulfilment import service as fulfilment
from orders.payments import service
from orders.refunds import service as refunds

pytestmark = pytest.mark.integration

Works = list[Callable[[UnitOfWork], Awaitable[Any]]]


async def overdue(shop: Shop, clock: VirtualClock, count: int, *, closed: bool) -> list[tuple[Json, Json]]:
    """Orders over their deadline, each with its payment; `closed`: the provider said that nobody pays it any more."""
    sku = await shop.sku(stock=count)
    begun = []
    for _ in range(count):
        member = new_id()
        order = await shop.place(member, (sku, 1), coupon_id=await shop.coupon(member))
        begun.append((order, await shop.begin_payment(order)))
    for _, payment in begun:
        if closed:
            await shop.call_back(payment, outcome="closed")
    await clock.advance_to(clock.now() + shop.resources.pay_window)
    return begun


async def exceptions(shop: Shop) -> list[tuple[str, UUID | None, int]]:
    """What nobody wanted: its kind, its order, how much of it went back."""
    await refunds.send_due(shop.service.db, shop.resources.providers)
    found = await service.list_exceptions(shop.service.db, before=None, limit=200)
    return [(one.kind, one.order_id, one.amount_minor if one.refund_status == "succeeded" else 0) for one in found]


async def test_one_callback_sent_twenty_times_at_once_is_booked_once(shop: Shop, orders: RunningService) -> None:
    order = await shop.place(new_id(), (await shop.sku(stock=1), 1))
    payment = await shop.begin_payment(order)
    results = await race(orders.db, *[shop.booking(payment)] * 20)

    assert results == [None] * 20
    assert len(await orders.events(OrderPaid)) == len(await orders.events(OrderConfirmed)) == 1
    assert await exceptions(shop) == []
    metrics = (await orders.client.get("/orders/metrics")).text
    assert 'orders_paid_minor_total{currency="CNY"} 1000.0' in metrics


async def test_twenty_transactions_for_one_payment_confirm_once_and_go_back_nineteen_times(
    shop: Shop, orders: RunningService
) -> None:
    order = await shop.place(new_id(), (await shop.sku(stock=1), 1))
    payment = await shop.begin_payment(order)
    results = await race(orders.db, *(shop.booking(payment, transaction_id=f"t-{n}") for n in range(20)))

    assert len({result for result in results if isinstance(result, UUID)}) == 19
    assert await exceptions(shop) == [("duplicate", UUID(order["id"]), 1000)] * 19
    assert len(await orders.events(OrderPaid)) == 1


async def test_two_attempts_of_one_order_both_paid_confirm_it_once(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku()
    for _ in range(4):
        order = await shop.place(new_id(), (sku, 1))
        first = await shop.begin_payment(order)
        await shop.call_back(first, outcome="closed")
        second = await shop.begin_payment(order)
        await race(orders.db, *[shop.booking(first), shop.booking(second)] * 5)

        assert (await shop.order(order))["status"] == "confirmed"
    assert [kind for kind, _, _ in await exceptions(shop)] == ["duplicate"] * 4


async def test_the_same_transaction_for_two_payments_is_one_sum_of_money(shop: Shop, orders: RunningService) -> None:
    """A provider's number names one sum, whatever payment it is said to be for."""
    sku = await shop.sku()
    payments = [await shop.begin_payment(await shop.place(new_id(), (sku, 1))) for _ in range(10)]
    await race(orders.db, *(shop.booking(payment, transaction_id="one") for payment in payments))

    assert len(await orders.events(OrderPaid)) == 1
    assert await exceptions(shop) == []


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
async def test_money_at_the_deadline_has_a_seat_or_goes_back(
    shop: Shop, orders: RunningService, clock: VirtualClock, closed: bool
) -> None:
    """Booked, timed out and cancelled at once. An attempt that may still be paid keeps its seat."""
    begun = await overdue(shop, clock, 6, closed=closed)
    works = Works()
    for order, payment in begun:
        order_id, member_id = UUID(order["id"]), UUID(order["member_id"])
        cancelling = partial(
            fulfilment.try_cancel, order_id=order_id, member_id=member_id, actor=member_id, reason="member"
        )
        works += [partial(fulfilment.time_out, order_id=order_id), shop.booking(payment), cancelling]
    results = await race(orders.db, *works)
    assert not [got for got in results if isinstance(got, BaseException) and not isinstance(got, OrderNotCancellable)]

    ended = {event.order_id for event in await orders.events(OrderCancelled)}
    stand = {event.order_id for event in await orders.events(OrderConfirmed)}
    assert ended | stand == {UUID(order["id"]) for order, _ in begun}
    assert not ended & stand
    assert not ended or closed
    await clock.advance_to(clock.now() + fulfilment.LOOK_AGAIN)
    await orders.fire_timers()  # one that was armed for an order just being paid finds nothing to do
    late = await exceptions(shop)
    assert sorted(late) == sorted(("late", order_id, 700) for order_id in ended)


async def test_a_callback_while_the_member_cancels_has_a_seat_or_goes_back(shop: Shop, orders: RunningService) -> None:
    sku, members = await shop.sku(stock=8), [new_id() for _ in range(8)]
    placed = [await shop.place(member, (sku, 1)) for member in members]
    payments = [await shop.begin_payment(order) for order in placed]
    answers = await asyncio.gather(
        *(
            asking
            for order, payment, member in zip(placed, payments, members, strict=True)
            for asking in (
                shop.call_back(payment),
                shop.post(f"/orders/{order['id']}/cancel", member_id=member),
                shop.call_back(payment),
            )
        )
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    cancelled = len(await orders.events(OrderCancelled))
    assert cancelled + len(await orders.events(OrderConfirmed)) == 8
    assert [(kind, paid_back) for kind, _, paid_back in await exceptions(shop)] == [("late", 1000)] * cancelled
    assert await shop.stock(sku) == cancelled


async def test_twenty_who_begin_to_pay_one_order_get_one_attempt(shop: Shop, orders: RunningService) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    begin = partial(service.begin, order_id=UUID(order["id"]), member_id=UUID(order["member_id"]), provider=DEVELOPMENT)
    results = await race(orders.db, *[begin] * 20)

    assert len({result.payment_id for result in results if not isinstance(result, BaseException)}) == 1
    assert not [result for result in results if isinstance(result, BaseException)]


async def test_nobody_begins_to_pay_what_is_being_cancelled(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=8)
    for _ in range(4):
        order = await shop.place(new_id(), (sku, 1))
        order_id, member_id = UUID(order["id"]), UUID(order["member_id"])
        begin = partial(service.begin, order_id=order_id, member_id=member_id, provider=DEVELOPMENT)
        cancelling = partial(
            fulfilment.try_cancel, order_id=order_id, member_id=member_id, actor=member_id, reason="member"
        )
        works: Works = [begin, cancelling] * 5
        results = await race(orders.db, *works)

        if (await shop.order(order))["status"] == "cancelled":
            assert Counter(type(result) for result in results[::2]) == {OrderNotPayable: 5}
        else:
            assert len({result.payment_id for result in results[::2] if isinstance(result, service.Attempt)}) == 1
            assert all(isinstance(result, fulfilment.Begun) for result in results[1::2])


async def test_money_for_nothing_we_know_waits_for_a_person(shop: Shop) -> None:
    notice = Notice(payment_id=new_id(), outcome="paid", transaction_id="t", amount_minor=5, currency="CNY")
    for _ in range(2):
        await service.receive(shop.service.db, shop.resources, notice, provider=DEVELOPMENT)

    assert await exceptions(shop) == [("unknown_payment", None, 0)]


async def test_another_provider_cannot_pay_with_a_payments_name(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    notice = Notice(payment_id=payment["id"], outcome="paid", transaction_id="t", amount_minor=1000, currency="CNY")
    await service.receive(shop.service.db, shop.resources, notice, provider="another")

    assert (await shop.order(order))["status"] == "pending_payment"
    assert await exceptions(shop) == [("unknown_payment", None, 0)]


async def test_closing_what_nobody_answers_for_is_not_knowing(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    shop.script(closing=TimeoutError())

    outcome = await service.close_open(shop.service.db, shop.resources, payment_id=payment["id"], provider=DEVELOPMENT)
    assert outcome == "unknown"
    outcome = await service.close_open(shop.service.db, shop.resources, payment_id=payment["id"], provider="gone")
    assert outcome == "unknown"


async def test_late_money_that_the_provider_does_not_take_back_is_asked_for_until_it_does(
    shop: Shop, clock: VirtualClock
) -> None:
    [(order, payment)] = await overdue(shop, clock, 1, closed=True)
    await shop.service.fire_timers()
    provider = shop.script(refunding=TimeoutError())
    notice = Notice(
        payment_id=UUID(payment["id"]), outcome="paid", transaction_id="late", amount_minor=700, currency="CNY"
    )
    await service.receive(shop.service.db, shop.resources, notice, provider=DEVELOPMENT)
    assert await exceptions(shop) == [("late", UUID(order["id"]), 0)]

    provider.refunding = "succeeded"
    await clock.advance_to(clock.now() + refunds.FIRST_RETRY)
    assert await exceptions(shop) == [("late", UUID(order["id"]), 700)]
    assert len({asked.refund_id for asked in provider.refunded}) == 1
    [refund] = (await shop.get(f"/orders/{order['id']}/refunds", roles=[Role.OPERATOR])).json()["items"]
    assert (refund["attempts"], refund["status"]) == (2, "succeeded")
