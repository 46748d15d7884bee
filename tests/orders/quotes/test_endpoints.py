"""What no wish can be, tried on both endpoints that take one."""

from typing import Any

import pytest

from common.auth.principal import Role
from common.ids import new_id
from factories.orders import Json, Shop

pytestmark = pytest.mark.integration

SOMEWHERE = "00000000-0000-0000-0000-000000000001"


def a_line(**changes: Any) -> Json:
    return {"sku_id": SOMEWHERE, "quantity": 1} | changes


WRONG: list[Json] = [
    {"lines": []},
    {"lines": [a_line()] * 101},
    {"lines": None},
    {"lines": a_line()},
    {"lines": ["x"]},
    {"lines": [a_line(quantity=0)]},
    {"lines": [a_line(quantity=-1)]},
    {"lines": [a_line(quantity=10_001)]},
    {"lines": [a_line(quantity=2**63)]},
    {"lines": [a_line(quantity=1.5)]},
    {"lines": [a_line(quantity="1")]},
    {"lines": [a_line(quantity=True)]},
    {"lines": [a_line(sku_id="x")]},
    {"lines": [a_line(sku_id="\0")]},
    {"lines": [a_line(price_minor=1)]},
    {"pickup_point_id": None},
    {"pickup_point_id": ""},
    {"pickup_point_id": 7},
    {"campaign_id": "spring"},
    {"coupon_id": {}},
    {"member_id": SOMEWHERE},
    {"currency": "USD"},
]


async def test_a_wish_that_cannot_be_is_refused_with_the_name_of_what_is_wrong(shop: Shop) -> None:
    right: Json = {"pickup_point_id": SOMEWHERE, "lines": [a_line()]}
    for changes in WRONG:
        for path, body in (("/quotes", right | changes), ("/orders", right | {"payable_minor": 1} | changes)):
            answer = await shop.post(path, body)
            assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), (path, changes)
            assert next(iter(changes)) in answer.json()["detail"]
    for amount in (-1, 2**63, 1.5, "1", None):
        answer = await shop.post("/orders", right | {"payable_minor": amount})
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), amount


async def test_an_assisted_order_that_cannot_be_is_refused(shop: Shop) -> None:
    line = {"sku_id": SOMEWHERE, "quantity": 1, "amount_minor": 1}
    right: Json = {"member_id": SOMEWHERE, "pickup_point_id": SOMEWHERE, "lines": [line]}
    wrong: list[Json] = [
        {"lines": [line | {"quantity": -1}]},
        {"lines": [line | {"quantity": 1_000_001}]},
        {"lines": [line | {"amount_minor": -1}]},
        {"lines": [line | {"amount_minor": 10**12 + 1}]},
        {"lines": [line | {"amount_minor": 0.1}]},
        {"lines": [line] * 301},
        {"member_id": None},
        {"collected": "yes"},
        {"collected": 1},
        {"source": "", "placed_reference": "1"},
        {"source": "a b", "placed_reference": "1"},
        {"source": "journey", "placed_reference": ""},
        {"source": "journey", "placed_reference": "籃"},
        {"source": "journey", "placed_reference": "x" * 129},
        {"source": "journey", "placed_reference": "a\0"},
        {"payable_minor": 1},
    ]
    for changes in wrong:
        answer = await shop.post("/assisted-orders", right | changes, roles=[Role.OPERATOR])
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), changes


async def test_what_is_no_json_or_far_too_much_of_it_is_refused(shop: Shop) -> None:
    for path in ("/quotes", "/orders", "/payment-callbacks/development"):
        for content, status in ((b"{", 422), (b"\xff", 422), (b"", 422), (b"[" * 100_000, 422), (b" " * 2**24, 413)):
            answer = await shop.service.client.post(
                f"/orders/v1{path}",
                content=content,
                headers=shop.service.headers(key="new") | {"Content-Type": "application/json"},
            )
            assert answer.status_code == status, (path, content[:4])


async def test_an_order_costs_no_more_than_json_can_say_exactly(shop: Shop) -> None:
    """Beyond 2⁵³ a front end in JavaScript would show, and agree to, another amount."""
    dear = await shop.sku(price_minor=10**12)
    most = await shop.quote(new_id(), await shop.wish((dear, 1000)))
    assert most["payable_minor"] == 10**15 < 2**53
    answer = await shop.post("/quotes", await shop.wish((dear, 1000), (await shop.sku(price_minor=1), 1)), key=None)

    assert (answer.status_code, answer.json()["code"]) == (422, "order_too_large")
