import pytest

from common.auth.principal import Role
from common.ids import new_id
from factories.orders import Shop

pytestmark = pytest.mark.integration


async def test_a_point_is_listed_while_it_takes_orders(shop: Shop) -> None:
    point = await shop.operate("/pickup-points", {"code": "east-gate", "name": "東門", "address": "幸福路 1 號"})
    assert [found["code"] for found in (await shop.get("/pickup-points")).json()["items"]] == ["east-gate"]

    changed = await shop.operate(f"/pickup-points/{point['id']}", {"active": False}, method="PATCH")
    assert (changed["name"], changed["address"], changed["active"]) == ("東門", "幸福路 1 號", False)
    assert (await shop.get("/pickup-points")).json()["items"] == []
    assert len((await shop.get("/pickup-points", active=False)).json()["items"]) == 1

    sku = await shop.sku()
    wish = {"pickup_point_id": point["id"], "lines": [{"sku_id": sku, "quantity": 1}]}
    answer = await shop.post("/quotes", wish, key=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "pickup_point_unknown")


async def test_a_code_names_one_point(shop: Shop) -> None:
    body = {"code": "east-gate", "name": "東門"}
    await shop.operate("/pickup-points", body)

    answer = await shop.post("/pickup-points", body, roles=[Role.OPERATOR])
    assert (answer.status_code, answer.json()["code"]) == (409, "code_taken")


async def test_clerks_are_assigned_and_dismissed(shop: Shop) -> None:
    clerk = new_id()
    point = await shop.new_point(clerk=clerk)
    await shop.operate(f"/pickup-points/{point}/clerks/{clerk}", method="PUT")

    listed = (await shop.get(f"/pickup-points/{point}/clerks", roles=[Role.OPERATOR])).json()["items"]
    assert [found["member_id"] for found in listed] == [str(clerk)]
    mine = (await shop.get("/pickup-points/mine", roles=[Role.CLERK], member_id=clerk)).json()["items"]
    assert [found["id"] for found in mine] == [point]

    await shop.operate(f"/pickup-points/{point}/clerks/{clerk}", method="DELETE")
    assert (await shop.get("/pickup-points/mine", roles=[Role.CLERK], member_id=clerk)).json()["items"] == []


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    nowhere, somebody = new_id(), new_id()
    headers = shop.service.headers(Role.OPERATOR)
    for method, path in (
        ("GET", f"/pickup-points/{nowhere}"),
        ("PATCH", f"/pickup-points/{nowhere}"),
        ("PUT", f"/pickup-points/{nowhere}/clerks/{somebody}"),
        ("DELETE", f"/pickup-points/{nowhere}/clerks/{somebody}"),
    ):
        answer = await shop.service.client.request(method, f"/orders/v1{path}", json={}, headers=headers)
        assert answer.status_code == 404, (method, path)


async def test_what_a_point_cannot_be_is_said(shop: Shop) -> None:
    right = {"code": "east", "name": "東門"}
    for changes in (
        {"code": "東"},
        {"code": "x" * 65},
        {"name": ""},
        {"name": "a\0"},
        {"address": "\0"},
        {"address": "x" * 201},
        {"address": 5},
        {"active": True},
    ):
        answer = await shop.post("/pickup-points", right | changes, roles=[Role.OPERATOR])
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), changes
    point = await shop.operate("/pickup-points", right)
    headers = shop.service.headers(Role.OPERATOR)
    for body in ({"active": "no"}, {"active": 1}, {"code": "west"}, {"name": ""}):
        answer = await shop.service.client.patch(f"/orders/v1/pickup-points/{point['id']}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), body
    assert (await shop.get(f"/pickup-points/{point['id']}")).json() == point
