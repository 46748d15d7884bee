"""Money on its way back, asked for at the same time or from a provider that falters."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from common.clock import VirtualClock
from common.contracts.orders import CouponReleased, OrderRefunded, OrderVoided
from common.db import UnitOfWork
from common.errors import Unavailable
from common.ids import new_id
from common.testing.races import race
from common.testing.services import RunningService
from common.testing.waiting import eventually
from factories.orders import Json, Shop
from orders.errors import OrderNotRefundable, RefundNotFailed, RefundTooLarge
from orders.jobs import ask_providers
from orders.refunds import repository, service
from orders.refunds.schemas import RefundedLine

pytestmark = pytest.mark.integration


def asking(shop: Shop, order: Json, *quantities: int) -> Callable[[UnitOfWork], Awaitable[UUID]]:
    """Asking for so many units of each line; for everything that is left when none are named."""
    lines = [
        RefundedLine(line_id=UUID(line["id"]), quantity=quantity)
        for line, quantity in zip(order["lines"], quantities, strict=False)
    ]
    return partial(
        service.request,
        order_id=UUID(order["id"]),
        lines=lines or None,
        reason="spoiled",
        requested_by=shop.operator,
    )


async def bought(shop: Shop, *lines: tuple[str, int], coupon_minor: int = 0) -> Json:
    member = new_id()
    more = {"coupon_id": await shop.coupon(member, value_minor=coupon_minor)} if coupon_minor else {}
    order = await shop.place(member, *lines, **more)
    await shop.pay(order)
    return order


async def send_all(shop: Shop) -> None:
    while await service.send_due(shop.service.db, shop.resources.providers):
        pass


async def refunded(orders: RunningService) -> list[int]:
    return [event.amount_minor for event in await orders.events(OrderRefunded)]


async def test_everything_is_given_back_once_however_many_ask(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=3)
    order = await bought(shop, (sku, 3), coupon_minor=500)
    results = await race(orders.db, *[asking(shop, order)] * 20)

    assert sum(isinstance(result, OrderNotRefundable) for result in results) == 19
    await send_all(shop)
    assert await refunded(orders) == [2500]
    assert len(await orders.events(OrderVoided)) == len(await orders.events(CouponReleased)) == 1
    assert await shop.stock(sku) == 3


async def test_parts_asked_for_at_once_never_exceed_what_was_paid(shop: Shop, orders: RunningService) -> None:
    sku, other = await shop.sku(price_minor=333, stock=7), await shop.sku(price_minor=1)
    order = await bought(shop, (sku, 7), (other, 1), coupon_minor=100)
    results = await race(orders.db, *[asking(shop, order, 1)] * 12, *[asking(shop, order)] * 8)

    assert not [got for got in results if not isinstance(got, UUID | RefundTooLarge | OrderNotRefundable)]
    await send_all(shop)
    assert sum(await refunded(orders)) == 7 * 333 + 1 - 100
    now = await shop.order(order)
    assert (now["status"], now["refunded_minor"]) == ("refunded", now["paid_minor"])
    assert [line["refunded_quantity"] for line in now["lines"]] == [7, 1]
    assert await shop.stock(sku) == 7


async def test_what_is_being_paid_is_refunded_or_not_payable_back_yet(shop: Shop, orders: RunningService) -> None:
    """Who waits for the payment's booking sees the payment too, not only the order that it has changed."""
    sku = await shop.sku()
    for _ in range(3):
        order = await shop.place(new_id(), (sku, 1))
        booking = shop.booking(await shop.begin_payment(order))
        async with orders.db.transaction() as paying:
            await booking(paying)
            asked = asyncio.create_task(race(orders.db, *[asking(shop, order)] * 5))
            await eventually(partial(waiting, orders), what="those who ask wait for the order")
        results = await asked
        assert sum(isinstance(result, UUID) for result in results) == 1
        assert sum(isinstance(result, OrderNotRefundable) for result in results) == 4
    await send_all(shop)
    assert await refunded(orders) == [1000] * 3


async def waiting(orders: RunningService) -> bool:
    count: int = await orders.db.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return count == 5


async def test_what_is_said_twenty_times_of_one_refund_is_booked_once(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=2)
    order = await bought(shop, (sku, 2))
    async with orders.db.transaction() as uow:
        refund_id = await asking(shop, order, 1)(uow)

    async def hear(_: UnitOfWork) -> None:
        await service.settle(orders.db, refund_id, "succeeded")

    assert await race(orders.db, *[hear] * 8) == [None] * 8
    assert await refunded(orders) == [1000]
    assert await shop.stock(sku) == 1


async def test_several_processes_ask_the_provider_once(shop: Shop, orders: RunningService, clock: VirtualClock) -> None:
    sku = await shop.sku()
    placed = [await bought(shop, (sku, 1)) for _ in range(6)]
    await race(orders.db, *(asking(shop, order) for order in placed))
    provider = shop.script()
    async with orders.db.transaction() as another:
        taken = await repository.take_due(
            another, only=None, limit=4, first_retry=service.FIRST_RETRY, longest_retry=service.LONGEST_RETRY
        )
        assert await service.send_due(orders.db, shop.resources.providers) == 2, (
            "those that nobody else is about to send"
        )

    assert not {row["id"] for row in taken} & {asked.refund_id for asked in provider.refunded}
    assert await service.send_due(orders.db, shop.resources.providers) == 0
    await clock.advance_to(clock.now() + service.FIRST_RETRY)
    assert await service.send_due(orders.db, shop.resources.providers) == 4, "the other never came round to it"
    assert len(await refunded(orders)) == len(provider.refunded) == 6


async def test_partial_refunds_that_end_together_end_the_order_once(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=6)
    order = await bought(shop, (sku, 6), coupon_minor=7)
    requested = await race(orders.db, *[asking(shop, order, 1)] * 6)

    def settling(refund_id: Any) -> Callable[[UnitOfWork], Awaitable[None]]:
        async def settle(_: UnitOfWork) -> None:
            await service.settle(orders.db, refund_id, "succeeded")

        return settle

    assert await race(orders.db, *(settling(refund_id) for refund_id in requested)) == [None] * 6
    told = await orders.events(OrderRefunded)
    assert Counter(event.full for event in told) == {False: 5, True: 1}
    assert told[-1].full, "the last of the order's events is the one that ends it"
    assert sum(event.amount_minor for event in told) == 5993


async def test_a_provider_that_is_away_is_asked_again_with_the_same_number_less_and_less_often(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    order = await bought(shop, (await shop.sku(), 1))
    provider = shop.script(refunding=Unavailable("away"))
    async with orders.db.transaction() as uow:
        refund_id = await asking(shop, order)(uow)
    gaps, last = list[timedelta](), clock.now()
    await ask_providers(orders.db)
    for minute in range(1, 5 * 60):
        await clock.advance_to(last + timedelta(minutes=minute))
        before = len(provider.refunded)
        await ask_providers(orders.db)
        if len(provider.refunded) > before:
            gaps.append(clock.now() - last - sum(gaps, timedelta()))
    assert gaps == [timedelta(minutes=n) for n in (1, 2, 4, 8, 16, 32, 60, 60, 60)]
    assert {asked.refund_id for asked in provider.refunded} == {refund_id}
    assert await refunded(orders) == []

    provider.refunding = "succeeded"
    await clock.advance_to(clock.now() + service.LONGEST_RETRY)
    await ask_providers(orders.db)
    await ask_providers(orders.db)
    assert await refunded(orders) == [1000]


async def test_what_the_provider_refuses_waits_for_a_person_who_asks_again(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    order = await bought(shop, (await shop.sku(), 1))
    provider = shop.script(refunding="failed")
    async with orders.db.transaction() as uow:
        refund_id = await asking(shop, order)(uow)
    await ask_providers(orders.db)
    assert (await service.get(orders.db, refund_id)).status == "failed"
    await clock.advance_to(clock.now() + timedelta(days=1))
    await ask_providers(orders.db)
    assert len(provider.refunded) == 1

    provider.refunding = "succeeded"
    results = await race(orders.db, *[partial(service.retry, refund_id=refund_id)] * 10)
    assert sum(isinstance(result, RefundNotFailed) for result in results) == 9
    await ask_providers(orders.db)
    assert [asked.refund_id for asked in provider.refunded] == [refund_id] * 2
    assert await refunded(orders) == [1000]


async def test_money_taken_by_hand_is_given_back_by_hand(shop: Shop, orders: RunningService) -> None:
    """No provider is asked; whoever took it is trusted to give it back."""
    body = {
        "member_id": str(new_id()),
        "pickup_point_id": await shop.point(),
        "lines": [{"sku_id": await shop.sku(), "quantity": 1, "amount_minor": 7}],
        "collected": True,
    }
    order = await shop.operate("/assisted-orders", body)
    provider = shop.script(refunding="failed")
    async with orders.db.transaction() as uow:
        await asking(shop, order)(uow)
    await ask_providers(orders.db)

    assert provider.refunded == []
    assert await refunded(orders) == [7]
