from typing import Any
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.orders import CouponRedeemed, OrderConfirmed, OrderCreated, OrderPaid
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Shop

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]


async def assisted(shop: Shop, *lines: tuple[str, int, int], member_id: UUID | None = None, **more: Any) -> Any:
    body = {
        "member_id": str(member_id or new_id()),
        "pickup_point_id": await shop.point(),
        "lines": [{"sku_id": sku, "quantity": count, "amount_minor": amount} for sku, count, amount in lines],
        **more,
    }
    return await shop.post("/assisted-orders", body, roles=OPERATOR)


async def test_an_order_is_quoted_placed_paid_and_confirmed(shop: Shop, orders: RunningService) -> None:
    member = new_id()
    sku = await shop.sku(price_minor=1990, stock=5)
    coupon = await shop.coupon(member, value_minor=500)

    order = await shop.place(member, (sku, 2), coupon_id=coupon)
    assert (order["items_minor"], order["discount_minor"], order["payable_minor"]) == (3980, 500, 3480)
    assert order["status"] == "pending_payment"
    assert order["pickup_code"] is None
    assert await shop.stock(sku) == 3

    payment = await shop.pay(order)
    paid = await shop.order(order)
    assert paid["status"] == "confirmed"
    assert paid["paid_minor"] == 3480
    assert len(paid["pickup_code"]) == 13

    [created] = await orders.events(OrderCreated)
    assert created.coupon_id == UUID(coupon)
    assert (created.lines[0].amount_minor, created.lines[0].quantity) == (3980, 2)
    [money] = await orders.events(OrderPaid)
    assert str(money.payment_id) == payment["id"]
    [confirmed] = await orders.events(OrderConfirmed)
    assert (confirmed.amount_minor, confirmed.currency, confirmed.channel) == (3480, "CNY", "self")
    [redeemed] = await orders.events(CouponRedeemed)
    assert (str(redeemed.coupon_id), redeemed.discount_minor) == (coupon, 500)


async def test_what_was_placed_is_what_is_read(shop: Shop) -> None:
    member, skus = new_id(), [await shop.sku(price_minor=price) for price in (333, 1, 10**12)]
    coupon = await shop.coupon(member, value_minor=10**9)

    order = await shop.place(member, *((sku, n + 1) for n, sku in enumerate(skus)), coupon_id=coupon)

    assert await shop.order(order) == order


async def test_a_quote_holds_nothing(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=1)
    coupon = await shop.coupon(member)
    wish = await shop.wish((sku, 1), coupon_id=coupon)

    assert await shop.quote(member, wish) == await shop.quote(member, wish)
    assert await shop.stock(sku) == 1


async def test_another_price_is_refused_with_the_new_quote(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(price_minor=1000, stock=1)
    wish = await shop.wish((sku, 1))
    quote = await shop.quote(member, wish)
    await shop.operate(f"/skus/{sku}", {"price_minor": 1001}, method="PATCH")

    answer = await shop.post("/orders", wish | {"payable_minor": quote["payable_minor"]}, member_id=member)

    assert (answer.status_code, answer.json()["code"]) == (409, "order_price_changed")
    assert answer.json()["current"] == await shop.quote(member, wish)
    assert await shop.stock(sku) == 1


async def test_what_is_not_there_is_not_sold_and_takes_nothing_along(shop: Shop) -> None:
    member, plenty, scarce = new_id(), await shop.sku(stock=9), await shop.sku(stock=2)
    coupon = await shop.coupon(member)
    wish = await shop.wish((plenty, 1), (scarce, 2), (scarce, 1), coupon_id=coupon, payable_minor=3700)

    answer = await shop.post("/orders", wish, member_id=member)

    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert (await shop.stock(plenty), await shop.stock(scarce)) == (9, 2)
    assert (await shop.get("/coupons", member_id=member)).json()["items"][0]["status"] == "issued"


async def test_the_same_sku_may_stand_in_two_lines(shop: Shop) -> None:
    sku = await shop.sku(stock=3)
    await shop.pay(await shop.place(new_id(), (sku, 1), (sku, 2)))

    assert await shop.stock(sku) == 0


async def test_an_order_names_what_there_is(shop: Shop) -> None:
    right = await shop.wish((await shop.sku(), 1), payable_minor=1000)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"pickup_point_id": str(new_id())}, "pickup_point_unknown"),
        ({"campaign_id": str(new_id())}, "campaign_unknown"),
        ({"coupon_id": str(new_id())}, "coupon_unknown"),
        ({"lines": [{"sku_id": str(new_id()), "quantity": 1}]}, "sku_unknown"),
    ]
    for changes, code in wrong:
        answer = await shop.post("/orders", right | changes)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_what_is_not_active_is_not_sold(shop: Shop) -> None:
    sku = await shop.sku()
    await shop.operate(f"/skus/{sku}", {"active": False}, method="PATCH")
    answer = await shop.post("/quotes", await shop.wish((sku, 1)), key=None)

    assert (answer.status_code, answer.json()["code"]) == (422, "sku_unknown")


async def test_an_assisted_order_at_agreed_amounts_spends_a_coupon(shop: Shop, orders: RunningService) -> None:
    member = new_id()
    sku = await shop.sku()
    coupon = await shop.coupon(member, value_minor=100)
    more = {"coupon_id": coupon, "collected": True, "source": "journey", "placed_reference": "basket/1"}
    first = await assisted(shop, (sku, 0, 777), (sku, 3, 5), member_id=member, **more)
    again = await assisted(shop, (sku, 0, 777), (sku, 3, 5), member_id=member, **more)

    assert first.status_code == again.status_code == 201
    order = first.json()
    assert order["status"] == "confirmed"
    assert [(line["quantity"], line["unit_price_minor"]) for line in order["lines"]] == [(1, None), (3, None)]
    assert order["payable_minor"] == order["paid_minor"] == 682
    assert order["pickup_code"] is None
    assert again.json()["id"] == order["id"]
    [confirmed] = await orders.events(OrderConfirmed)
    assert (confirmed.member_id, confirmed.channel, confirmed.amount_minor) == (member, "assisted", 682)
    assert len(await orders.events(CouponRedeemed)) == len(await orders.events(OrderPaid)) == 1
    owner = (await shop.get(f"/orders/{order['id']}", member_id=member)).json()
    assert len(owner["pickup_code"]) == 13


async def test_a_reference_belongs_to_one_order(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku()
    named = {"source": "journey", "placed_reference": "1"}
    assert (await assisted(shop, (sku, 1, 5), member_id=member, **named)).status_code == 201

    for answer in (
        await assisted(shop, (sku, 1, 6), member_id=member, **named),
        await assisted(shop, (sku, 1, 5), member_id=new_id(), **named),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "reference_taken")
    elsewhere = await assisted(shop, (sku, 1, 6), member_id=member, source="other", placed_reference="1")
    assert elsewhere.status_code == 201
    assert (await assisted(shop, (sku, 1, 5), source="journey")).status_code == 422
    assert (await assisted(shop, (sku, 1, 5), placed_reference="1")).status_code == 422


async def test_an_assisted_order_may_be_paid_by_its_member_later(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=1)
    order = (await assisted(shop, (sku, 1, 700), member_id=member)).json()
    assert order["status"] == "pending_payment"
    await shop.pay(order)

    assert (await shop.order(order))["paid_minor"] == 700


async def test_nothing_to_pay_is_confirmed_at_once(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku(price_minor=300, stock=2)
    coupon = await shop.coupon(member, value_minor=300)
    free = (await assisted(shop, (sku, 1, 0))).json()
    covered = await shop.place(member, (sku, 1), coupon_id=coupon)

    assert free["status"] == covered["status"] == "confirmed"
    assert len(covered["pickup_code"]) == 13
    assert await orders.events(OrderPaid) == []
    assert len(await orders.events(OrderConfirmed)) == 2
    assert len(await orders.events(CouponRedeemed)) == 1
    assert await shop.stock(sku) == 0


async def test_a_repeated_request_places_once_and_counts_once(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku(stock=5)
    wish = await shop.wish((sku, 1), payable_minor=1000)
    first = await shop.post("/orders", wish, member_id=member, key="same")
    again = await shop.post("/orders", wish, member_id=member, key="same")
    other = await shop.post("/orders", wish | {"payable_minor": 1001}, member_id=member, key="same")
    somebody = await shop.post("/orders", wish, member_id=new_id(), key="same")

    assert first.content == again.content
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert somebody.json()["id"] != first.json()["id"]
    assert await shop.stock(sku) == 3
    metrics = (await orders.client.get("/orders/metrics")).text
    assert 'orders_placed_total{channel="self"} 2.0' in metrics


async def test_a_request_that_failed_leaves_its_key_free(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=0)
    wish = await shop.wish((sku, 1), payable_minor=1000)
    assert (await shop.post("/orders", wish, member_id=member, key="same")).status_code == 409
    await shop.operate(f"/skus/{sku}", {"stock": 1}, method="PATCH")

    assert (await shop.post("/orders", wish, member_id=member, key="same")).status_code == 201


async def test_the_business_is_counted_and_nobody_is_named(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku()
    await shop.pay(await shop.place(member, (sku, 2)))
    await assisted(shop, (sku, 1, 30), member_id=member, collected=True)
    await assisted(shop, (sku, 1, 0), member_id=member)
    metrics = (await orders.client.get("/orders/metrics")).text

    for line in (
        'orders_placed_total{channel="self"} 1.0',
        'orders_placed_total{channel="assisted"} 2.0',
        'orders_confirmed_total{channel="self"} 1.0',
        'orders_confirmed_total{channel="assisted"} 2.0',
        'orders_paid_minor_total{currency="CNY"} 2030.0',
    ):
        assert line in metrics
    assert str(member) not in metrics
