from datetime import timedelta
from uuid import UUID

import pytest

from common.clock import VirtualClock
from common.contracts.members import CouponIssued
from common.contracts.orders import CouponExpired, CouponReleased
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Shop

pytestmark = pytest.mark.integration


async def test_a_coupon_issued_can_be_spent_once_however_often_it_is_told(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku(price_minor=1000)
    issued = CouponIssued(
        coupon_id=new_id(),
        member_id=member,
        template="welcome",
        value_minor=300,
        minimum_spend_minor=0,
        currency="CNY",
        valid_from=orders.runtime.clock.now(),
        expires_at=orders.runtime.clock.now() + timedelta(days=1),
        source="claim",
    )
    await orders.receive(issued, issued)
    [coupon] = (await shop.get("/coupons", member_id=member)).json()["items"]
    assert (coupon["status"], coupon["value_minor"]) == ("issued", 300)

    order = await shop.place(member, (sku, 1), coupon_id=coupon["id"])
    await orders.receive(issued)
    assert (await shop.get("/coupons", member_id=member, status="locked")).json()["items"][0]["order_id"] == order["id"]
    again = await shop.post("/quotes", await shop.wish((sku, 1), coupon_id=coupon["id"]), member_id=member, key=None)
    assert (again.status_code, again.json()["code"]) == (409, "coupon_not_applicable")


async def test_a_coupon_ends_by_its_timer(shop: Shop, orders: RunningService, clock: VirtualClock) -> None:
    member = new_id()
    coupon = await shop.coupon(member, days=1)
    ends = clock.now() + timedelta(days=1)
    await clock.advance_to(ends - timedelta(microseconds=1))
    assert await orders.fire_timers() == 0
    await clock.advance_to(ends)
    assert await orders.fire_timers() == 1

    assert (await shop.get("/coupons", member_id=member)).json()["items"][0]["status"] == "expired"
    [told] = await orders.events(CouponExpired)
    assert (told.coupon_id, told.expired_at) == (UUID(coupon), ends)


async def test_a_coupon_held_at_its_end_runs_out_when_it_is_given_back(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku = new_id(), await shop.sku()
    short, lasting = await shop.coupon(member, days=1), await shop.coupon(member, days=9)
    await clock.advance_to(clock.now() + timedelta(hours=23, minutes=45))
    held = [await shop.place(member, (sku, 1), coupon_id=coupon) for coupon in (short, lasting)]
    await clock.advance_to(clock.now() + timedelta(minutes=20))
    await orders.fire_timers()
    assert await orders.events(CouponExpired) == []

    for order in held:
        await shop.post(f"/orders/{order['id']}/cancel", member_id=member)
    assert [str(event.coupon_id) for event in await orders.events(CouponExpired)] == [short]
    assert [str(event.coupon_id) for event in await orders.events(CouponReleased)] == [lasting]


async def test_somebody_elses_coupon_is_unknown(shop: Shop) -> None:
    sku, coupon = await shop.sku(), await shop.coupon(new_id())
    answer = await shop.post("/quotes", await shop.wish((sku, 1), coupon_id=coupon), member_id=new_id(), key=None)

    assert (answer.status_code, answer.json()["code"]) == (422, "coupon_unknown")
    assert (await shop.get("/coupons", member_id=new_id())).json()["items"] == []


async def test_a_coupon_in_another_currency_does_not_count(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku()
    coupon = await shop.coupon(member, currency="USD")
    answer = await shop.post("/quotes", await shop.wish((sku, 1), coupon_id=coupon), member_id=member, key=None)

    assert (answer.status_code, answer.json()["code"]) == (409, "coupon_not_applicable")
