from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from common.auth.principal import Role
from common.clock import VirtualClock
from common.contracts.members import CouponIssued, CouponRecalled
from common.contracts.orders import CouponExpired, CouponReleased, CouponRetained, CouponRevoked
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Shop

pytestmark = pytest.mark.integration


def issued_to(member_id: UUID, clock: VirtualClock, **changes: Any) -> CouponIssued:
    issued = CouponIssued(
        coupon_id=new_id(),
        member_id=member_id,
        template="welcome",
        value_minor=300,
        minimum_spend_minor=0,
        currency="CNY",
        valid_from=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
        source="claim",
    )
    return replace(issued, **changes)


def recalled(issued: CouponIssued) -> CouponRecalled:
    terms = {name: getattr(issued, name) for name in CouponRecalled.__struct_fields__}
    return CouponRecalled(**terms)


async def test_a_coupon_issued_can_be_spent_once_however_often_it_is_told(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku = new_id(), await shop.sku(price_minor=1000)
    issued = issued_to(member, clock)
    await orders.receive(issued, issued)
    [coupon] = (await shop.get("/coupons", member_id=member)).json()["items"]
    assert (coupon["status"], coupon["value_minor"]) == ("issued", 300)

    order = await shop.place(member, (sku, 1), coupon_id=coupon["id"])
    await orders.receive(issued)
    assert (await shop.get("/coupons", member_id=member, status="locked")).json()["items"][0]["order_id"] == order["id"]
    again = await shop.post("/quotes", await shop.wish((sku, 1), coupon_id=coupon["id"]), member_id=member, key=None)
    assert (again.status_code, again.json()["code"]) == (409, "coupon_not_applicable")


async def test_what_was_told_first_of_a_coupon_stands(shop: Shop, orders: RunningService, clock: VirtualClock) -> None:
    """The log may repeat itself; an event that contradicts an earlier one takes nothing from its member."""
    member, other = new_id(), new_id()
    first = issued_to(member, clock)
    await orders.receive(first, replace(first, member_id=other, value_minor=9999), replace(first, value_minor=1))

    [coupon] = (await shop.get("/coupons", member_id=member)).json()["items"]
    assert coupon["value_minor"] == 300
    assert (await shop.get("/coupons", member_id=other)).json()["items"] == []
    assert await orders.db.fetchval("SELECT count(*) FROM timer") == 1


async def test_terms_that_cannot_be_kept_are_set_aside_and_hold_nothing_up(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member = new_id()
    wrong = [
        issued_to(member, clock, value_minor=2**63),
        issued_to(member, clock, minimum_spend_minor=2**80),
        issued_to(member, clock, template="a\0b"),
    ]
    right = [issued_to(member, clock) for _ in range(4)]
    await orders.receive(right[0], wrong[0], right[1], wrong[1], right[2], wrong[2], right[3])

    kept = (await shop.get("/coupons", member_id=member)).json()["items"]
    assert sorted(coupon["id"] for coupon in kept) == sorted(str(issued.coupon_id) for issued in right)
    letters = (await shop.get("/dead-letters", roles=[Role.OPERATOR])).json()["items"]
    assert [letter["state"] for letter in letters] == ["open"] * 3
    await orders.receive(*right)
    assert len((await shop.get("/coupons", member_id=member)).json()["items"]) == 4


async def test_a_coupon_told_of_after_its_end_runs_out_at_once(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    """So its issuer learns what became of it, however late the log was read."""
    late = issued_to(new_id(), clock, valid_from=clock.now() - timedelta(days=2), expires_at=clock.now())
    await orders.receive(late)
    await orders.fire_timers()

    assert [event.coupon_id for event in await orders.events(CouponExpired)] == [late.coupon_id]


async def test_a_coupon_counts_from_its_first_moment_to_just_before_its_last(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku, start = new_id(), await shop.sku(), clock.now()
    issued = issued_to(member, clock, valid_from=start + timedelta(hours=1))
    await orders.receive(issued)
    wish = await shop.wish((sku, 1), coupon_id=str(issued.coupon_id))
    for moment, status in (
        (timedelta(minutes=59), 409),
        (timedelta(hours=1), 200),
        (timedelta(hours=23, minutes=59), 200),
        (timedelta(days=1), 409),
    ):
        await clock.advance_to(start + moment)
        assert (await shop.post("/quotes", wish, member_id=member, key=None)).status_code == status, moment


async def test_ones_coupons_are_listed_by_state_and_in_pages(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku()
    coupons = [await shop.coupon(member) for _ in range(3)]
    await shop.pay(await shop.place(member, (sku, 1), coupon_id=coupons[0]))
    await shop.place(member, (sku, 1), coupon_id=coupons[1])

    for status, coupon in (("redeemed", coupons[0]), ("locked", coupons[1]), ("issued", coupons[2])):
        found = (await shop.get("/coupons", member_id=member, status=status)).json()["items"]
        assert [one["id"] for one in found] == [coupon]
    first = (await shop.get("/coupons", member_id=member, limit=2)).json()
    rest = (await shop.get("/coupons", member_id=member, limit=2, cursor=first["next_cursor"])).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == coupons[::-1]
    assert (await shop.get("/coupons", member_id=member, status="lost")).status_code == 422


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


async def test_an_unspent_coupon_that_is_recalled_cannot_be_spent_any_more(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku = new_id(), await shop.sku()
    issued = issued_to(member, clock)
    await orders.receive(issued, recalled(issued))

    [told] = await orders.events(CouponRevoked)
    assert (told.coupon_id, told.member_id, told.revoked_at) == (issued.coupon_id, member, clock.now())
    [coupon] = (await shop.get("/coupons", member_id=member, status="revoked")).json()["items"]
    wish = await shop.wish((sku, 1), coupon_id=coupon["id"])
    answer = await shop.post("/quotes", wish, member_id=member, key=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "coupon_not_applicable")
    await clock.advance_to(issued.expires_at)
    await orders.fire_timers()
    assert not await orders.events(CouponExpired)


async def test_a_recall_that_comes_before_the_issue_or_again_has_the_same_answer(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    issued = issued_to(new_id(), clock)
    await orders.receive(recalled(issued))
    await clock.advance_to(clock.now() + timedelta(hours=1))
    await orders.receive(issued, recalled(issued), recalled(issued))

    told = await orders.events(CouponRevoked)
    assert len(told) == 3
    assert set(told) == {told[0]}
    assert await orders.db.fetchval("SELECT status FROM coupon") == "revoked"


async def test_a_coupon_that_is_held_spent_or_over_is_kept(
    shop: Shop, orders: RunningService, clock: VirtualClock
) -> None:
    member, sku = new_id(), await shop.sku()
    held, spent, over = (issued_to(member, clock, expires_at=clock.now() + timedelta(days=day)) for day in (9, 9, 1))
    await orders.receive(held, spent, over)
    await shop.pay(await shop.place(member, (sku, 1), coupon_id=str(spent.coupon_id)))
    await clock.advance_to(over.expires_at)
    await orders.fire_timers()
    await shop.place(member, (sku, 1), coupon_id=str(held.coupon_id))
    await orders.receive(*map(recalled, (held, spent, over)))

    told = {event.coupon_id: event.reason for event in await orders.events(CouponRetained)}
    assert told == {held.coupon_id: "spent", spent.coupon_id: "spent", over.coupon_id: "expired"}
    assert not await orders.events(CouponRevoked)
