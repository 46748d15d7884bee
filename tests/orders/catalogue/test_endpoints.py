import asyncio
from typing import Any

import pytest

from common.auth.principal import Role
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Shop

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]


def imported(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": "白菜",
        "price_minor": 250,
        "stock": None,
        "product_code": "greens",
        "product_name": "青菜",
        **changes,
    }


async def test_a_product_is_shown_with_what_can_be_bought(shop: Shop) -> None:
    product = await shop.operate(
        "/products",
        {
            "code": "strawberry",
            "name": "草莓 🍓",
            "description": "丹東 99",
            "skus": [{"code": "s-500", "name": "500g", "price_minor": 1990, "stock": 7}],
        },
    )
    added = await shop.operate(
        f"/products/{product['id']}/skus", {"code": "s-1000", "name": "1kg", "price_minor": 3500}
    )
    await shop.operate(f"/skus/{added['id']}", {"active": False}, method="PATCH")

    [listed] = (await shop.get("/products")).json()["items"]
    assert (listed["name"], [sku["code"] for sku in listed["skus"]]) == ("草莓 🍓", ["s-500"])
    whole = (await shop.get(f"/products/{product['id']}")).json()
    assert [(sku["code"], sku["stock"], sku["active"]) for sku in whole["skus"]] == [
        ("s-500", 7, True),
        ("s-1000", None, False),
    ]


async def test_a_code_names_one_thing(shop: Shop) -> None:
    body = {"code": "twice", "name": "x", "skus": [{"code": "sku", "name": "x", "price_minor": 1}]}
    await shop.operate("/products", body)

    again = await shop.post("/products", body, roles=OPERATOR)
    assert (again.status_code, again.json()["code"]) == (409, "code_taken")
    same_sku = await shop.post("/products", body | {"code": "other"}, roles=OPERATOR)
    assert (same_sku.status_code, same_sku.json()["code"]) == (409, "code_taken")
    assert (await shop.get("/products", code="other")).json()["items"] == []


async def test_stock_is_what_can_be_bought_from_now_on(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=10)
    await shop.pay(await shop.place(member, (sku, 4)))
    await shop.place(member, (sku, 3))

    changed = await shop.operate(f"/skus/{sku}", {"stock": 0}, method="PATCH")
    assert changed["stock"] == 0
    await shop.operate(f"/skus/{sku}", {"stock": 2}, method="PATCH")
    assert await shop.stock(sku) == 2
    untracked = await shop.operate(f"/skus/{sku}", {"stock": None}, method="PATCH")
    assert untracked["stock"] is None
    renamed = await shop.operate(f"/skus/{sku}", {"name": "新名", "price_minor": 7}, method="PATCH")
    assert (renamed["name"], renamed["price_minor"], renamed["stock"]) == ("新名", 7, None)


async def test_what_an_order_took_is_given_back_though_stock_is_no_longer_tracked(shop: Shop) -> None:
    member, sku = new_id(), await shop.sku(stock=10)
    order = await shop.place(member, (sku, 4))
    await shop.operate(f"/skus/{sku}", {"stock": None}, method="PATCH")
    await shop.post(f"/orders/{order['id']}/cancel", member_id=member)
    await shop.operate(f"/skus/{sku}", {"stock": 10}, method="PATCH")

    await shop.place(member, (sku, 10))
    assert await shop.stock(sku) == 0


async def test_an_import_adds_and_changes_by_code(shop: Shop) -> None:
    first = await shop.operate("/catalogue-imports", {"skus": [imported("a"), imported("b", stock=5)]})
    again = await shop.operate(
        "/catalogue-imports", {"skus": [imported("b", price_minor=300, stock=9), imported("c", product_code="roots")]}
    )

    assert [sku["code"] for sku in again["skus"]] == ["b", "c"]
    assert first["skus"][1]["sku_id"] == again["skus"][0]["sku_id"]
    assert first["skus"][1]["product_id"] != again["skus"][1]["product_id"]
    [changed] = (await shop.get("/skus", roles=OPERATOR, code="b")).json()["items"]
    assert (changed["price_minor"], changed["stock"]) == (300, 9)


async def test_an_import_names_a_sku_once(shop: Shop) -> None:
    answer = await shop.post("/catalogue-imports", {"skus": [imported("a"), imported("a")]}, roles=OPERATOR)

    assert (answer.status_code, answer.json()["code"]) == (422, "import_inconsistent")


async def test_imports_at_once_do_not_deadlock(shop: Shop) -> None:
    codes = [f"sku-{n}" for n in range(40)]
    skus = [imported(code, product_code=f"product-{code}") for code in codes]
    answers = await asyncio.gather(
        *(shop.post("/catalogue-imports", {"skus": skus if n % 2 else skus[::-1]}, roles=OPERATOR) for n in range(6))
    )

    assert {answer.status_code for answer in answers} == {201}
    found = [{sku["code"]: sku["sku_id"] for sku in answer.json()["skus"]} for answer in answers]
    assert all(ids == found[0] for ids in found)


async def test_lists_continue_where_they_ended(shop: Shop) -> None:
    skus = [await shop.sku() for _ in range(3)]
    first = (await shop.get("/skus", roles=OPERATOR, limit=2)).json()
    rest = (await shop.get("/skus", roles=OPERATOR, limit=2, cursor=first["next_cursor"])).json()

    assert [sku["id"] for sku in first["items"] + rest["items"]] == skus
    assert rest["next_cursor"] is None


async def test_what_is_not_there_is_not_found(shop: Shop, orders: RunningService) -> None:
    nowhere = new_id()
    for path in (f"/products/{nowhere}", f"/skus/{nowhere}"):
        assert (await shop.get(path)).status_code == 404
        headers = orders.headers(Role.OPERATOR)
        answer = await orders.client.patch(f"/orders/v1{path}", json={"name": "x"}, headers=headers)
        assert answer.status_code == 404
    body = {"code": "x", "name": "x", "price_minor": 1}
    assert (await shop.post(f"/products/{nowhere}/skus", body, roles=OPERATOR)).status_code == 404


async def test_texts_come_back_as_they_were_written(shop: Shop) -> None:
    """Traditional and simplified, rare characters beyond the basic plane, combined ones, marks and quotes of SQL."""
    texts = (
        "幸福小區東門",
        "丹东99草莓",
        "𠮷野家の牛丼",
        "👩‍👩‍👧 家庭裝",
        "e\u0301",
        "O'Brien; DROP TABLE sku --",
        "%_\\",
        "ﷺ" * 200,
    )
    for text in texts:
        code = new_id().hex
        product = await shop.operate("/products", {"code": code, "name": text, "description": text * 2})
        assert (product["name"], product["description"]) == (text, text * 2)
        assert (await shop.get(f"/products/{product['id']}")).json() == product
        changed = await shop.operate(f"/products/{product['id']}", {"name": f"  {text}\n"}, method="PATCH")
        assert changed["name"] == text, "space around a name is not part of it"


async def test_what_a_product_cannot_be_is_said(shop: Shop) -> None:
    sku: dict[str, Any] = {"code": "s", "name": "x", "price_minor": 1}
    right: dict[str, Any] = {"code": "p", "name": "x"}
    wrong: list[dict[str, Any]] = [
        {"code": ""},
        {"code": "a b"},
        {"code": "草莓"},
        {"code": "x" * 65},
        {"code": None},
        {"name": ""},
        {"name": " \t"},
        {"name": "a\0b"},
        {"name": "x" * 201},
        {"name": ["x"]},
        {"description": "\0"},
        {"description": "x" * 2001},
        {"price_minor": 1},
        {"skus": [sku | {"price_minor": -1}]},
        {"skus": [sku | {"price_minor": 10**12 + 1}]},
        {"skus": [sku | {"price_minor": 9.99}]},
        {"skus": [sku | {"price_minor": "9"}]},
        {"skus": [sku | {"stock": -1}]},
        {"skus": [sku | {"stock": 10**12 + 1}]},
        {"skus": [sku | {"sold": 1}]},
        {"skus": [sku] * 101},
    ]
    for changes in wrong:
        answer = await shop.post("/products", right | changes, roles=OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), changes
    imports: list[Any] = [[], [imported(str(n)) for n in range(1001)], [imported("a", product_code="")], "all"]
    for skus in imports:
        answer = await shop.post("/catalogue-imports", {"skus": skus}, roles=OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert (await shop.get("/skus", roles=OPERATOR)).json()["items"] == []


async def test_a_product_is_made_once_however_often_it_is_sent(shop: Shop) -> None:
    body, operator = {"code": "once", "name": "x"}, new_id()
    answers = await asyncio.gather(
        *(shop.post("/products", body, roles=OPERATOR, member_id=operator, key="same") for _ in range(6))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
