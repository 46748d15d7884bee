from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.orders import CouponRedeemed, OrderConfirmed, OrderCreated, OrderPaid
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Shop

pytestmark = pytest.mark.integration


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
    assert created.lines[0].amount_minor == 3980
    [money] = await orders.events(OrderPaid)
    assert str(money.payment_id) == payment["id"]
    [confirmed] = await orders.events(OrderConfirmed)
    assert (confirmed.amount_minor, confirmed.currency, confirmed.channel) == (3480, "CNY", "self")
    [redeemed] = await orders.events(CouponRedeemed)
    assert (str(redeemed.coupon_id), redeemed.discount_minor) == (coupon, 500)


async def test_an_assisted_order_at_agreed_amounts_spends_a_coupon(shop: Shop, orders: RunningService) -> None:
    member = new_id()
    sku = await shop.sku()
    coupon = await shop.coupon(member, value_minor=100)

    body = {
        "member_id": str(member),
        "pickup_point_id": await shop.point(),
        "lines": [
            {"sku_id": sku, "quantity": 0, "amount_minor": 777},
            {"sku_id": sku, "quantity": 3, "amount_minor": 5},
        ],
        "coupon_id": coupon,
        "collected": True,
        "source": "journey",
        "placed_reference": "basket-1",
    }
    order = await shop.operate("/assisted-orders", body)
    again = await shop.operate("/assisted-orders", body)

    assert order["status"] == "confirmed"
    assert [line["quantity"] for line in order["lines"]] == [1, 3]
    assert order["payable_minor"] == order["paid_minor"] == 682
    assert again["id"] == order["id"]
    [confirmed] = await orders.events(OrderConfirmed)
    assert (confirmed.member_id, confirmed.channel, confirmed.amount_minor) == (member, "assisted", 682)
    assert len(await orders.events(CouponRedeemed)) == 1


async def test_nothing_to_pay_is_confirmed_at_once(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku()
    order = await shop.operate(
        "/assisted-orders",
        {
            "member_id": str(new_id()),
            "pickup_point_id": await shop.point(),
            "lines": [{"sku_id": sku, "quantity": 1, "amount_minor": 0}],
        },
    )

    assert order["status"] == "confirmed"
    assert await orders.events(OrderPaid) == []
    assert len(await orders.events(OrderConfirmed)) == 1


async def test_another_price_is_refused_with_the_new_quote(shop: Shop) -> None:
    sku = await shop.sku(price_minor=1000)
    answer = await shop.post("/orders", await shop.wish((sku, 1), payable_minor=999), roles=[Role.MEMBER])

    assert answer.status_code == 409
    assert answer.json()["code"] == "order_price_changed"
    assert answer.json()["current"]["payable_minor"] == 1000
