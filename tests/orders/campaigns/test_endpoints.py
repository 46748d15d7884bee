from datetime import timedelta
from typing import Any

import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.ids import new_id
from factories.orders import Shop

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]


async def send(shop: Shop, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, str | None]:
    answer = await shop.service.client.request(
        method, f"/orders/v1{path}", json=body or {}, headers=shop.service.headers(Role.OPERATOR, key="new")
    )
    return answer.status_code, answer.json().get("code") if answer.content else None


async def test_a_campaign_sells_in_its_window_at_its_price(shop: Shop, clock: VirtualClock) -> None:
    member, sku = new_id(), await shop.sku(price_minor=1000)
    campaign = await shop.campaign((sku, 800, None), opens_in=1, days=2)
    wish = await shop.wish((sku, 2), campaign_id=campaign)

    early = await shop.post("/quotes", wish, key=None)
    assert (early.status_code, early.json()["code"]) == (409, "campaign_not_open")
    await clock.advance_to(clock.now() + timedelta(days=1))
    order = await shop.place(member, (sku, 2), campaign_id=campaign)
    assert (order["payable_minor"], order["campaign_id"]) == (1600, campaign)
    await clock.advance_to(clock.now() + timedelta(days=1))
    late = await shop.post("/orders", wish | {"payable_minor": 1600}, member_id=member)
    assert (late.status_code, late.json()["code"]) == (409, "campaign_not_open")


async def test_a_draft_is_seen_by_operators_only(shop: Shop, clock: VirtualClock) -> None:
    window = {"opens_at": clock.now().isoformat(), "closes_at": (clock.now() + timedelta(days=1)).isoformat()}
    draft = await shop.operate("/campaigns", {"code": "spring", "name": "春", **window})

    assert (await shop.get(f"/campaigns/{draft['id']}")).status_code == 404
    assert (await shop.get("/campaigns")).json()["items"] == []
    assert len((await shop.get("/campaign-drafts", roles=OPERATOR)).json()["items"]) == 1
    assert await send(shop, "POST", f"/campaigns/{draft['id']}/publish") == (409, "campaign_empty")

    sku = await shop.sku()
    await shop.operate(f"/campaigns/{draft['id']}/skus/{sku}", {"price_minor": 1, "cap": 9}, method="PUT")
    published = await shop.operate(f"/campaigns/{draft['id']}/publish")
    assert (published["phase"], published["skus"][0]["left"]) == ("open", 9)
    assert (await shop.get("/campaigns", only_open=True)).json()["items"] == [published]


async def test_from_the_opening_on_prices_and_goods_are_frozen(shop: Shop) -> None:
    sku, other = await shop.sku(), await shop.sku()
    campaign = await shop.campaign((sku, 800, 5))
    path = f"/campaigns/{campaign}"

    assert await send(shop, "PUT", f"{path}/skus/{sku}", {"price_minor": 700}) == (409, "campaign_started")
    assert await send(shop, "PUT", f"{path}/skus/{other}", {"price_minor": 700}) == (409, "campaign_started")
    assert await send(shop, "DELETE", f"{path}/skus/{sku}") == (409, "campaign_started")
    assert await send(shop, "PATCH", path, {"coupons_allowed": False}) == (409, "campaign_started")
    raised = await shop.operate(f"{path}/skus/{sku}", {"price_minor": 800, "cap": 6}, method="PUT")
    assert raised["skus"][0]["cap"] == 6
    assert (await shop.operate(path, {"name": "改名"}, method="PATCH"))["name"] == "改名"


async def test_a_cap_is_never_sold_beyond_nor_set_below_what_is_promised(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku()
    campaign = await shop.campaign((sku, 800, 5))
    await shop.pay(await shop.place(member, (sku, 2), campaign_id=campaign))
    held = await shop.place(member, (sku, 1), campaign_id=campaign)

    wish = await shop.wish((sku, 3), campaign_id=campaign, payable_minor=2400)
    answer = await shop.post("/orders", wish, member_id=member)
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_cap_reached")
    path = f"/campaigns/{campaign}/skus/{sku}"
    assert await send(shop, "PUT", path, {"price_minor": 800, "cap": 2}) == (409, "cap_below_promised")

    await shop.post(f"/orders/{held['id']}/cancel", member_id=member)
    order = await shop.place(member, (sku, 3), campaign_id=campaign)
    assert (await shop.get(f"/campaigns/{campaign}")).json()["skus"][0]["left"] == 0
    await shop.pay(order)
    totals = (await shop.get(f"/campaigns/{campaign}/totals", roles=OPERATOR)).json()["items"]
    assert totals == [{"sku_id": sku, "orders": 2, "quantity": 5, "unpaid_quantity": 0}]


async def test_closing_ends_it_for_good(shop: Shop) -> None:
    sku = await shop.sku()
    campaign = await shop.campaign((sku, 800, None))
    closed = await shop.operate(f"/campaigns/{campaign}/close")
    assert closed["phase"] == "closed"
    assert await shop.operate(f"/campaigns/{campaign}/close") == closed
    assert (await shop.get("/campaigns")).json()["items"] == [closed]
    assert (await shop.get("/campaigns", only_open=True)).json()["items"] == []

    answer = await shop.post("/quotes", await shop.wish((sku, 1), campaign_id=campaign), key=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_not_open")
    assert await send(shop, "PATCH", f"/campaigns/{campaign}", {"name": "x"}) == (409, "campaign_started")
    assert await send(shop, "POST", f"/campaigns/{campaign}/publish") == (409, "campaign_started")


async def test_a_cancelled_campaign_sells_nothing_and_its_orders_stand(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku()
    campaign = await shop.campaign((sku, 800, None))
    order = await shop.place(member, (sku, 1), campaign_id=campaign)
    assert (await shop.operate(f"/campaigns/{campaign}/cancel"))["phase"] == "cancelled"

    answer = await shop.post("/quotes", await shop.wish((sku, 1), campaign_id=campaign), key=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_not_open")
    await shop.pay(order)
    assert (await shop.order(order))["status"] == "confirmed"


async def test_windows_and_goods_must_make_sense(shop: Shop, clock: VirtualClock) -> None:
    body = {"code": "x", "name": "x", "opens_at": clock.now().isoformat(), "closes_at": clock.now().isoformat()}
    assert await send(shop, "POST", "/campaigns", body) == (422, "window_invalid")
    later = body | {"closes_at": (clock.now() + timedelta(days=1)).isoformat()}
    unknown = {"sku_id": str(new_id()), "price_minor": 1}
    assert await send(shop, "POST", "/campaigns", later | {"skus": [unknown]}) == (422, "sku_unknown")
    over = {"opens_at": (clock.now() - timedelta(days=2)).isoformat(), "closes_at": clock.now().isoformat()}
    assert await send(shop, "POST", "/campaigns", body | over) == (422, "window_invalid")
    draft = await shop.operate("/campaigns", later)
    assert await send(shop, "POST", "/campaigns", later) == (409, "code_taken")
    assert await send(shop, "DELETE", f"/campaigns/{draft['id']}/skus/{new_id()}") == (404, "sku_not_found")
    assert await send(shop, "POST", f"/campaigns/{draft['id']}/close") == (409, "campaign_started")
    assert await send(shop, "POST", f"/campaigns/{new_id()}/publish") == (404, "campaign_not_found")
    moved = {"opens_at": (clock.now() + timedelta(days=2)).isoformat()}
    assert await send(shop, "PATCH", f"/campaigns/{draft['id']}", moved) == (422, "window_invalid")
    assert await send(shop, "PATCH", f"/campaigns/{draft['id']}", over) == (422, "window_invalid")


async def test_what_a_campaign_cannot_be_is_said(shop: Shop, clock: VirtualClock) -> None:
    opens, closes = clock.now().isoformat(), (clock.now() + timedelta(days=1)).isoformat()
    right: dict[str, Any] = {"code": "c", "name": "x", "opens_at": opens, "closes_at": closes}
    sku: dict[str, Any] = {"sku_id": str(new_id()), "price_minor": 1}
    wrong: list[dict[str, Any]] = [
        {"code": "春"},
        {"name": "\0"},
        {"opens_at": None},
        {"opens_at": "2026-03-02T12:00:00"},
        {"opens_at": "2026-13-02T12:00:00Z"},
        {"opens_at": 0},
        {"closes_at": "9999-12-31T23:59:59Z"},
        {"closes_at": "tomorrow"},
        {"coupons_allowed": "no"},
        {"status": "published"},
        {"skus": [sku | {"price_minor": -1}]},
        {"skus": [sku | {"price_minor": 10**13}]},
        {"skus": [sku | {"cap": -1}]},
        {"skus": [sku | {"cap": 2.5}]},
        {"skus": [sku | {"sold": 0}]},
        {"skus": [sku] * 201},
    ]
    for changes in wrong:
        answer = await shop.post("/campaigns", right | changes, roles=OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), changes
    assert (await shop.get("/campaign-drafts", roles=OPERATOR)).json()["items"] == []


async def test_a_window_in_any_zone_is_the_same_window(shop: Shop, clock: VirtualClock) -> None:
    body = {
        "code": "night",
        "name": "夜場",
        "opens_at": "2026-03-03T00:00:00+08:00",
        "closes_at": "2026-03-02T18:00:00Z",
    }
    draft = await shop.operate("/campaigns", body)

    assert (draft["opens_at"], draft["closes_at"]) == ("2026-03-02T16:00:00Z", "2026-03-02T18:00:00Z")


async def test_campaigns_are_found_by_code_and_in_pages(shop: Shop) -> None:
    sku = await shop.sku()
    made = [await shop.campaign((sku, 1, None)) for _ in range(3)]
    first = (await shop.get("/campaigns", limit=2)).json()
    rest = (await shop.get("/campaigns", limit=2, cursor=first["next_cursor"])).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]

    code = rest["items"][0]["code"]
    assert (await shop.get("/campaigns", code=code)).json()["items"] == rest["items"]
    assert (await shop.get("/campaign-drafts", roles=OPERATOR, code=code)).json()["items"] == []
