from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.orders import CouponReleased, OrderRefunded, OrderVoided
from common.errors import Unavailable
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Json, Shop

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]


async def bought(shop: Shop, *lines: tuple[str, int], coupon_minor: int = 0) -> Json:
    member = new_id()
    more = {"coupon_id": await shop.coupon(member, value_minor=coupon_minor)} if coupon_minor else {}
    order = await shop.place(member, *lines, **more)
    await shop.pay(order)
    return order


def some(order: Json, *quantities: int) -> Json:
    return {
        "reason": "壞了兩盒",
        "lines": [
            {"line_id": line["id"], "quantity": quantity}
            for line, quantity in zip(order["lines"], quantities, strict=False)
            if quantity
        ],
    }


async def test_parts_and_the_rest_go_back_and_the_last_ends_the_order(shop: Shop, orders: RunningService) -> None:
    apples, pears = await shop.sku(price_minor=333, stock=3), await shop.sku(price_minor=1000, stock=1)
    order = await bought(shop, (apples, 3), (pears, 1), coupon_minor=100)
    path = f"/orders/{order['id']}/refunds"

    part = await shop.operate(path, some(order, 2))
    # Each apple costs 333 and carries 16 or 17 of the coupon's 100.
    [line] = part["lines"]
    assert (line["line_id"], line["quantity"]) == (order["lines"][0]["id"], 2)
    assert line["amount_minor"] == part["amount_minor"] == (999 - order["lines"][0]["discount_minor"]) * 2 // 3
    assert (part["status"], part["kind"], part["reason"]) == ("requested", "goods", "壞了兩盒")
    now = await shop.order(order)
    assert (now["status"], now["refunded_minor"]) == ("confirmed", part["amount_minor"])
    assert await shop.stock(apples) == 2

    rest = await shop.operate(path, {"reason": "campaign failed"})
    assert part["amount_minor"] + rest["amount_minor"] == order["payable_minor"] == 1899
    assert (await shop.order(order))["status"] == "refunded"
    assert [event.full for event in await orders.events(OrderRefunded)] == [False, True]
    assert len(await orders.events(OrderVoided)) == len(await orders.events(CouponReleased)) == 1
    listed = (await shop.get(path, member_id=UUID(order["member_id"]))).json()["items"]
    assert [(refund["id"], refund["status"]) for refund in listed] == [
        (part["id"], "succeeded"),
        (rest["id"], "succeeded"),
    ]
    assert (await shop.get(f"/refunds/{rest['id']}", roles=OPERATOR)).json() == listed[1]


async def test_goods_that_were_handed_over_do_not_come_back_into_stock(shop: Shop) -> None:
    sku = await shop.sku(stock=2)
    order = await bought(shop, (sku, 2))
    code = (await shop.order(order))["pickup_code"]
    await shop.operate(f"/pickup-points/{await shop.point()}/pickups", {"code": code})
    await shop.operate(f"/orders/{order['id']}/refunds", {"reason": "spoiled"})

    assert (await shop.order(order))["status"] == "refunded"
    assert await shop.stock(sku) == 0


async def test_what_cannot_be_refunded_is_said(shop: Shop) -> None:
    sku, free = await shop.sku(), await shop.sku(price_minor=0)
    unpaid, nothing = await shop.place(new_id(), (sku, 1)), await shop.place(new_id(), (free, 1))
    paid, other = await bought(shop, (sku, 2)), await bought(shop, (sku, 1))
    foreign = {"reason": "x", "lines": [{"line_id": other["lines"][0]["id"], "quantity": 1}]}
    twice = {"reason": "x", "lines": [{"line_id": paid["lines"][0]["id"], "quantity": 2}] * 2}
    for order, body, status, code in (
        (unpaid, {"reason": "x"}, 409, "order_not_refundable"),
        (nothing, {"reason": "x"}, 409, "order_not_refundable"),
        (paid, some(paid, 3), 409, "refund_too_large"),
        (paid, twice, 409, "refund_too_large"),
        (paid, foreign, 422, "line_unknown"),
        ({"id": str(new_id())}, {"reason": "x"}, 404, "order_not_found"),
        (paid, {}, 422, "request_invalid"),
        (paid, {"reason": "  "}, 422, "request_invalid"),
        (paid, {"reason": "a\0b"}, 422, "request_invalid"),
        (paid, {"reason": "很" * 201}, 422, "request_invalid"),
        (paid, {"reason": "x", "lines": []}, 422, "request_invalid"),
        (paid, {"reason": "x", "amount_minor": 5}, 422, "request_invalid"),
        (paid, some(paid, -1), 422, "request_invalid"),
        (
            paid,
            {"reason": "x", "lines": [{"line_id": paid["lines"][0]["id"], "quantity": 0.5}]},
            422,
            "request_invalid",
        ),
        (
            paid,
            {"reason": "x", "lines": [{"line_id": paid["lines"][0]["id"], "quantity": "1"}]},
            422,
            "request_invalid",
        ),
    ):
        answer = await shop.post(f"/orders/{order['id']}/refunds", body, roles=OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert (await shop.get("/refunds", roles=OPERATOR)).json()["items"] == []
    await shop.operate(f"/orders/{paid['id']}/refunds", {"reason": "x"})
    again = await shop.post(f"/orders/{paid['id']}/refunds", {"reason": "x"}, roles=OPERATOR)
    assert (again.status_code, again.json()["code"]) == (409, "order_not_refundable")


async def test_a_repeated_request_gives_back_once(shop: Shop, orders: RunningService) -> None:
    order = await bought(shop, (await shop.sku(), 3))
    path = f"/orders/{order['id']}/refunds"
    operator = new_id()
    first, again = [
        await shop.post(path, some(order, 1), roles=OPERATOR, member_id=operator, key="same") for _ in range(2)
    ]
    other = await shop.post(path, some(order, 2), roles=OPERATOR, member_id=operator, key="same")

    assert first.content == again.content
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [event.amount_minor for event in await orders.events(OrderRefunded)] == [1000]
    assert (await shop.post(path, some(order, 1), roles=OPERATOR, key=None)).status_code == 422


async def test_what_did_not_go_back_is_found_and_asked_for_again(shop: Shop) -> None:
    sku = await shop.sku()
    failed, pending, fine = [await bought(shop, (sku, 1)) for _ in range(3)]
    ids = dict[str, str]()
    for order, outcome in ((failed, "failed"), (pending, Unavailable("away")), (fine, "succeeded")):
        shop.script(refunding=outcome)
        ids[order["id"]] = (await shop.operate(f"/orders/{order['id']}/refunds", {"reason": "x"}))["id"]

    for status, order in (("failed", failed), ("requested", pending), ("succeeded", fine)):
        [found] = (await shop.get("/refunds", roles=OPERATOR, status=status)).json()["items"]
        assert (found["id"], found["attempts"]) == (ids[order["id"]], 1)
    first = (await shop.get("/refunds", roles=OPERATOR, limit=2)).json()
    rest = (await shop.get("/refunds", roles=OPERATOR, limit=2, cursor=first["next_cursor"])).json()
    assert [found["id"] for found in first["items"] + rest["items"]] == sorted(ids.values(), reverse=True)

    retried = await shop.operate(f"/refunds/{ids[failed['id']]}/retry")
    assert (retried["status"], retried["attempts"]) == ("succeeded", 2)
    for refund_id, expected, code in (
        (ids[pending["id"]], 409, "refund_not_failed"),
        (ids[fine["id"]], 409, "refund_not_failed"),
        (str(new_id()), 404, "refund_not_found"),
    ):
        refused = await shop.post(f"/refunds/{refund_id}/retry", roles=OPERATOR)
        assert (refused.status_code, refused.json()["code"]) == (expected, code)
    assert (await shop.get(f"/refunds/{new_id()}", roles=OPERATOR)).status_code == 404
