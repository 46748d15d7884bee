from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Json, Shop

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]


async def look_for(shop: Shop, path: str, query: Json) -> httpx2.Response:
    headers = shop.service.headers(*OPERATOR)
    return await shop.service.client.get(f"/orders/v1{path}", params=query, headers=headers)


async def listed(shop: Shop, path: str = "/member-orders", **query: Any) -> list[str]:
    answer = await look_for(shop, path, query)
    assert answer.status_code == 200, answer.text
    return [order["id"] for order in answer.json()["items"]]


async def test_pages_give_every_order_once_though_new_ones_come_between(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku()
    placed = [(await shop.place(member, (sku, 1)))["id"] for _ in range(5)]
    await shop.place(new_id(), (sku, 1))

    found, cursor = list[str](), None
    for more in range(3):
        query: Json = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await shop.get("/orders", member_id=member, **query)).json()
        found += [order["id"] for order in answer["items"]]
        cursor = answer["next_cursor"]
        if more == 0:
            await shop.place(member, (sku, 1))
    assert cursor is None
    assert found == placed[::-1]


async def test_orders_are_found_by_whatever_one_looks_for(shop: Shop, clock: VirtualClock) -> None:
    sku, noon = await shop.sku(stock=9), clock.now()  # 12:00 in Shanghai
    campaign = await shop.campaign((sku, 900, None))
    point, other = await shop.point(), await shop.new_point()
    first = (await shop.place(new_id(), (sku, 1), campaign_id=campaign))["id"]
    await clock.advance_to(noon + timedelta(hours=12))
    paid = await shop.place(new_id(), (sku, 1), pickup_point_id=other)
    await shop.pay(paid)
    second = paid["id"]
    await shop.post(f"/orders/{first}/cancel", roles=OPERATOR)

    assert await listed(shop) == [second, first]
    assert await listed(shop, member_id=paid["member_id"]) == [second]
    assert await listed(shop, campaign_id=campaign) == [first]
    assert await listed(shop, pickup_point_id=point) == [first]
    assert await listed(shop, status="cancelled") == [first]
    assert await listed(shop, status=["cancelled", "confirmed"]) == [second, first]
    assert await listed(shop, status="picked_up") == []
    # The business's day is Shanghai's: the second order was placed at its midnight.
    assert await listed(shop, created_from="2026-03-03T00:00:00+08:00") == [second]
    assert await listed(shop, created_before="2026-03-03T00:00:00+08:00") == [first]
    assert await listed(shop, created_before="2026-03-02T16:00:00Z", created_from="2026-03-02T04:00:00Z") == [first]
    assert await listed(shop, created_from="2026-03-04T00:00:00Z", created_before="2026-03-03T00:00:00Z") == []
    assert await listed(shop, status="confirmed", campaign_id=campaign) == []


async def test_what_cannot_be_looked_for_is_said(shop: Shop) -> None:
    wrong: list[Json] = [
        {"status": "gone"},
        {"member_id": "me"},
        {"created_from": "2026-03-02"},
        {"created_from": "2026-03-02T04:00:00"},
        {"created_before": "yesterday"},
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"cursor": "?"},
        {"cursor": "x" * 101},
    ]
    for query in wrong:
        answer = await look_for(shop, "/member-orders", query)
        assert answer.status_code == 422, query
        assert next(iter(query)) in answer.json()["detail"]


async def test_an_order_is_its_members_alone(shop: Shop) -> None:
    """Whoever else asks is told that there is no such thing."""
    owner, stranger = new_id(), new_id()
    order = await shop.place(owner, (await shop.sku(), 1), coupon_id=await shop.coupon(owner))
    await shop.begin_payment(order)

    def get(path: str) -> Callable[[UUID], Awaitable[Any]]:
        return lambda member_id: shop.get(path, member_id=member_id)

    def post(path: str) -> Callable[[UUID], Awaitable[Any]]:
        return lambda member_id: shop.post(path, member_id=member_id)

    path = f"/orders/{order['id']}"
    for ask in (
        get(path),
        get(f"{path}/payments"),
        get(f"{path}/refunds"),
        post(f"{path}/payments"),
        post(f"{path}/cancel"),
    ):
        answer = await ask(stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found"), answer.request.url
        assert (await ask(owner)).is_success, answer.request.url
    assert (await shop.get("/orders", member_id=stranger)).json()["items"] == []
    assert (await shop.get("/coupons", member_id=stranger)).json()["items"] == []


async def test_the_code_is_shown_to_its_owner_while_it_opens_something(shop: Shop) -> None:
    owner = new_id()
    order = await shop.place(owner, (await shop.sku(), 1))
    path = f"/orders/{order['id']}"
    assert (await shop.get(path, member_id=owner)).json()["pickup_code"] is None
    await shop.pay(order)

    code = (await shop.get(path, member_id=owner)).json()["pickup_code"]
    assert len(code) == 13
    assert (await shop.get(path, member_id=owner, roles=OPERATOR)).json()["pickup_code"] == code
    assert code not in (await shop.get(path, roles=OPERATOR)).text
    assert code not in (await shop.get("/member-orders", roles=OPERATOR)).text

    point = await shop.point()
    handed_over = await shop.post(f"/pickup-points/{point}/pickups", {"code": code}, roles=OPERATOR)
    assert handed_over.json()["pickup_code"] is None
    assert (await shop.get(path, member_id=owner)).json()["pickup_code"] is None


async def test_clerks_see_what_waits_at_their_points(shop: Shop) -> None:
    clerk, sku = new_id(), await shop.sku()
    point, elsewhere = await shop.new_point(clerk=clerk), await shop.new_point()
    waiting = await shop.place(new_id(), (sku, 1), pickup_point_id=point)
    await shop.pay(waiting)
    await shop.pay(await shop.place(new_id(), (sku, 1), pickup_point_id=elsewhere))
    await shop.place(new_id(), (sku, 1), pickup_point_id=point)

    seen = await shop.get(f"/pickup-points/{point}/orders", roles=[Role.CLERK], member_id=clerk)
    assert [order["id"] for order in seen.json()["items"]] == [waiting["id"]]
    other = await shop.get(f"/pickup-points/{elsewhere}/orders", roles=[Role.CLERK], member_id=clerk)
    assert (other.status_code, other.json()["code"]) == (404, "pickup_point_not_found")
    assert len(await listed(shop, f"/pickup-points/{elsewhere}/orders")) == 1
    nowhere = await shop.get(f"/pickup-points/{new_id()}/orders", roles=OPERATOR)
    assert nowhere.status_code == 404


async def test_every_change_is_on_record(shop: Shop, clock: VirtualClock) -> None:
    member, clerk = new_id(), new_id()
    point = await shop.new_point(clerk=clerk)
    order = await shop.place(member, (await shop.sku(), 1), pickup_point_id=point)
    await clock.advance_to(clock.now() + timedelta(minutes=1))
    await shop.pay(order)
    code = (await shop.order(order))["pickup_code"]
    await shop.post(f"/pickup-points/{point}/pickups", {"code": code}, roles=[Role.CLERK], member_id=clerk)
    await shop.operate(f"/orders/{order['id']}/refunds", {"reason": "spoiled"})

    items = (await shop.get(f"/orders/{order['id']}/transitions", roles=OPERATOR)).json()["items"]
    assert [(item["from_status"], item["to_status"], item["actor"], item["reason"]) for item in items] == [
        (None, "pending_payment", str(member), "placed"),
        ("pending_payment", "confirmed", None, "paid"),
        ("confirmed", "picked_up", str(clerk), "picked_up"),
        ("picked_up", "refunded", str(shop.operator), "refunded"),
    ]
    assert items == sorted(items, key=lambda item: item["at"])
    assert (await shop.get(f"/orders/{new_id()}/transitions", roles=OPERATOR)).status_code == 404


async def test_a_campaigns_totals_are_what_to_buy(shop: Shop, orders: RunningService) -> None:
    sku, other = await shop.sku(), await shop.sku()
    campaign = await shop.campaign((sku, 800, None), (other, 50, None))
    kept = await shop.place(new_id(), (sku, 5), (sku, 1), (other, 2), campaign_id=campaign)
    await shop.pay(kept)
    await shop.operate(
        f"/orders/{kept['id']}/refunds",
        {"reason": "one too many", "lines": [{"line_id": kept["lines"][0]["id"], "quantity": 2}]},
    )
    gone = await shop.place(new_id(), (sku, 9), campaign_id=campaign)
    await shop.post(f"/orders/{gone['id']}/cancel", roles=OPERATOR)
    await shop.place(new_id(), (sku, 3), campaign_id=campaign)
    await shop.pay(await shop.place(new_id(), (sku, 7)))

    totals = (await shop.get(f"/campaigns/{campaign}/totals", roles=OPERATOR)).json()["items"]
    assert totals == [
        {"sku_id": sku, "orders": 2, "quantity": 4, "unpaid_quantity": 3},
        {"sku_id": other, "orders": 1, "quantity": 2, "unpaid_quantity": 0},
    ]
    assert (await shop.get(f"/campaigns/{new_id()}/totals", roles=OPERATOR)).status_code == 404
