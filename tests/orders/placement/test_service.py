"""Races for stock, caps and coupons, each on a connection of its own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.contracts.orders import CouponExpired, OrderCreated
from common.db import UnitOfWork
from common.ids import new_id
from common.testing.races import race
from common.testing.services import RunningService
from factories.orders import Shop
from orders.coupons import service as coupons
from orders.errors import CampaignCapReached, CouponNotApplicable, OutOfStock
from orders.placement.repository import NewOrder

pytestmark = pytest.mark.integration


async def test_twenty_buy_the_last_unit_and_one_has_it(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=1)
    wish = await shop.wish((sku, 1))
    results = await race(orders.db, *(shop.placing(new_id(), wish) for _ in range(20)))

    assert Counter(type(result) for result in results) == {NewOrder: 1, OutOfStock: 19}
    assert await shop.stock(sku) == 0
    assert len(await orders.events(OrderCreated)) == 1


async def test_who_is_refused_wanted_more_than_was_left(shop: Shop, orders: RunningService) -> None:
    dice, sku = Random(7), await shop.sku(stock=25)
    wanted = [dice.randint(1, 4) for _ in range(20)]
    wishes = [await shop.wish((sku, quantity)) for quantity in wanted]
    results = await race(orders.db, *(shop.placing(new_id(), wish) for wish in wishes))

    left = await shop.stock(sku)
    assert left is not None
    sold = sum(quantity for quantity, got in zip(wanted, results, strict=True) if isinstance(got, NewOrder))
    refused = [quantity for quantity, got in zip(wanted, results, strict=True) if isinstance(got, OutOfStock)]
    assert len(refused) == sum(isinstance(result, BaseException) for result in results)
    assert sold + left == 25
    assert all(quantity > left for quantity in refused)


async def test_the_last_of_a_cap_goes_to_one_and_the_others_take_no_stock(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=100)
    campaign = await shop.campaign((sku, 800, 2))
    wish = await shop.wish((sku, 2), campaign_id=campaign)
    results = await race(orders.db, *(shop.placing(new_id(), wish) for _ in range(20)))

    assert Counter(type(result) for result in results) == {NewOrder: 1, CampaignCapReached: 19}
    assert await shop.stock(sku) == 98


async def test_baskets_that_name_the_same_goods_the_other_way_round_do_not_deadlock(
    shop: Shop, orders: RunningService
) -> None:
    skus = [await shop.sku(stock=40) for _ in range(4)]
    campaign = await shop.campaign(*((sku, 100, 40) for sku in skus))
    lines = [(sku, 1) for sku in skus]
    wishes = [await shop.wish(*(lines if n % 2 else lines[::-1]), campaign_id=campaign) for n in range(20)]
    results = await race(orders.db, *(shop.placing(new_id(), wish) for wish in wishes))

    assert Counter(type(result) for result in results) == {NewOrder: 20}
    assert [await shop.stock(sku) for sku in skus] == [20] * 4


async def test_one_coupon_is_held_by_one_of_twenty_orders(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku(stock=20)
    wish = await shop.wish((sku, 1), coupon_id=await shop.coupon(member))
    results = await race(orders.db, *(shop.placing(member, wish) for _ in range(20)))

    assert Counter(type(result) for result in results) == {NewOrder: 1, CouponNotApplicable: 19}
    assert await shop.stock(sku) == 19


async def test_a_coupon_runs_out_or_is_held_never_both(shop: Shop, orders: RunningService, clock: VirtualClock) -> None:
    """Whoever places began just before the coupon's end; the timer just after it."""
    members, sku = [new_id() for _ in range(5)], await shop.sku()
    held = {member: await shop.coupon(member, days=1) for member in members}
    wishes = {member: await shop.wish((sku, 1), coupon_id=coupon) for member, coupon in held.items()}
    await clock.advance_to(clock.now() + timedelta(days=1) - timedelta(microseconds=1))

    def expiring(coupon_id: str) -> Callable[[UnitOfWork], Awaitable[None]]:
        async def expire(uow: UnitOfWork) -> None:
            uow.now += timedelta(microseconds=1)
            await coupons.expire(uow, UUID(coupon_id))

        return expire

    works = list[Callable[[UnitOfWork], Awaitable[NewOrder | None]]]()
    for member in members:
        works += [shop.placing(member, wishes[member]), expiring(held[member])] * 2
    results = await race(orders.db, *works)

    placed = {result.member_id for result in results if isinstance(result, NewOrder)}
    expired = {event.member_id for event in await orders.events(CouponExpired)}
    assert placed | expired == set(members)
    assert not placed & expired


async def test_one_request_sent_twenty_times_at_once_places_once(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=20)
    wish = await shop.wish((sku, 1), payable_minor=1000)
    answers = await asyncio.gather(*(shop.post("/orders", wish, member_id=member, key="same") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await shop.stock(sku) == 19


async def test_one_key_for_two_requests_at_once_serves_one_of_them(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=20)
    wishes = [await shop.wish((sku, n), payable_minor=1000 * n) for n in (1, 2)]
    answers = await asyncio.gather(
        *(shop.post("/orders", wish, member_id=member, key="same") for wish in wishes for _ in range(5))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 5, 422: 5}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1


async def test_one_reference_placed_by_twenty_at_once_is_one_order_that_all_of_them_get(shop: Shop) -> None:
    """Each with a key of its own: several workers of one feed, or one that lost its keys."""
    sku = await shop.sku(stock=20)
    body = {
        "member_id": str(new_id()),
        "pickup_point_id": await shop.point(),
        "lines": [{"sku_id": sku, "quantity": 1, "amount_minor": 7}],
        "source": "journey",
        "placed_reference": "basket-1",
        "collected": True,
    }
    answers = await asyncio.gather(*(shop.post("/assisted-orders", body, roles=[Role.OPERATOR]) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await shop.stock(sku) == 19
