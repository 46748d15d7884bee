from typing import Any

import httpx2
import pytest

from common.auth.principal import Role
from common.testing.services import RunningService
from factories.members import OPERATOR, make_member, make_template, template_body
from members.templates.domain import DEFAULT_TEMPLATES

pytestmark = pytest.mark.integration

PATH = "/members/v1/coupon-templates"


async def change(members: RunningService, code: str, **changes: Any) -> httpx2.Response:
    return await members.client.patch(f"{PATH}/{code}", json=changes, headers=members.headers(Role.OPERATOR))


async def test_a_new_installation_has_the_templates_of_the_default_policy(members: RunningService) -> None:
    listed = (await members.client.get(PATH, headers=members.headers(Role.OPERATOR))).json()["items"]

    assert [one["code"] for one in listed] == [default.code for default in DEFAULT_TEMPLATES]
    assert {one["currency"] for one in listed} == {"CNY"}


async def test_a_template_is_made_read_and_listed(members: RunningService) -> None:
    made = await make_template(members, "spring", supply=10)
    read = await members.client.get(f"{PATH}/spring", headers=members.headers(Role.OPERATOR))

    assert read.json() == made
    assert made["issued"] == 0
    assert made["state"] == "active"
    again = await members.client.post(
        PATH, json=template_body("spring"), headers=members.headers(Role.OPERATOR, key="new")
    )
    assert (again.status_code, again.json()["code"]) == (409, "template_exists")


async def test_lists_come_in_pages_that_join_without_gap(members: RunningService) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = (await members.client.get(PATH, params=query, headers=members.headers(Role.OPERATOR))).json()
        seen += [one["code"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [default.code for default in DEFAULT_TEMPLATES]


WRONG_TERMS: list[tuple[dict[str, Any], str]] = [
    ({"value_minor": 0}, "body.value_minor"),
    ({"value_minor": "500"}, "body.value_minor"),
    ({"value_minor": 10**30}, "body.value_minor"),
    ({"claimable": "yes"}, "body.claimable"),
    ({"code": "Not a code"}, "body.code"),
    ({"name_zh": "a\u0000b"}, "body.name_zh"),
    ({"name_en": "   "}, "body.name_en"),
    ({"valid_days": None}, "valid_days"),
    ({"valid_days": None, "starts_at": "2026-01-01T00:00:00", "ends_at": "2026-02-01T00:00:00Z"}, "body.starts_at"),
    ({"valid_days": None, "starts_at": "0001-01-01T00:00:00+14:00"}, "body.starts_at"),
    ({"issued": 3}, "body.issued"),
]


async def test_wrong_terms_are_refused_by_name(members: RunningService) -> None:
    for changes, named in WRONG_TERMS:
        answer = await members.client.post(
            PATH, json=template_body(**changes), headers=members.headers(Role.OPERATOR, key="new")
        )
        assert answer.status_code == 422, changes
        assert named in answer.json()["detail"]


async def test_terms_change_and_coupons_issued_before_keep_theirs(members: RunningService) -> None:
    await make_template(members)
    member_id = await make_member(members)
    path = f"/members/v1/members/{member_id}/coupons"
    body = {"template": "spring"}
    before = (await members.client.post(path, json=body, headers=members.headers(Role.OPERATOR, key="new"))).json()
    changed = await change(members, "spring", value_minor=900, name_en="Spring, more", per_member_limit=2)
    after = (await members.client.post(path, json=body, headers=members.headers(Role.OPERATOR, key="new"))).json()

    assert changed.status_code == 200
    assert (changed.json()["value_minor"], changed.json()["issued"]) == (900, 1)
    assert (before["value_minor"], after["value_minor"]) == (500, 900)
    kept = (await members.client.get(path, headers=members.headers(Role.OPERATOR))).json()["items"]
    assert [coupon["value_minor"] for coupon in kept] == [900, 500]


async def test_days_become_a_window_only_together(members: RunningService) -> None:
    await make_template(members)
    window = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z"}

    assert (await change(members, "spring", **window)).status_code == 422
    changed = await change(members, "spring", valid_days=None, **window)
    assert changed.status_code == 200
    assert changed.json()["valid_days"] is None


async def test_the_supply_cannot_fall_below_what_was_issued(members: RunningService) -> None:
    await make_template(members, supply=5)
    for _ in range(2):
        path = f"/members/v1/members/{await make_member(members)}/coupons"
        await members.client.post(path, json={"template": "spring"}, headers=members.headers(Role.OPERATOR, key="new"))

    refused = await change(members, "spring", supply=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "supply_below_issued")
    assert (await change(members, "spring", supply=2)).status_code == 200
    assert (await change(members, "spring", supply=None)).json()["supply"] is None


async def test_what_has_ended_stays_ended(members: RunningService) -> None:
    await make_template(members)
    assert (await change(members, "spring", state="paused")).json()["state"] == "paused"
    assert (await change(members, "spring", state="active")).json()["state"] == "active"
    assert (await change(members, "spring", state="ended")).json()["state"] == "ended"

    refused = await change(members, "spring", state="active")
    assert (refused.status_code, refused.json()["code"]) == (409, "template_ended")


async def test_what_must_be_there_cannot_be_made_null(members: RunningService) -> None:
    await make_template(members)
    for name in ("name_zh", "value_minor", "per_member_limit", "claimable", "state"):
        assert (await change(members, "spring", **{name: None})).status_code == 422, name


async def test_what_is_not_there_is_not_found(members: RunningService) -> None:
    assert (await change(members, "no_such", value_minor=1)).status_code == 404
    answer = await members.client.get(f"{PATH}/no_such", headers=members.headers(Role.OPERATOR))
    assert (answer.status_code, answer.json()["code"]) == (404, "template_not_found")
    assert (await members.client.get(f"{PATH}/%00", headers=members.headers(Role.OPERATOR))).status_code == 422


async def test_offers_are_what_a_member_can_take_now(members: RunningService) -> None:
    await make_template(members, "open", claimable=True)
    await make_template(members, "closed", claimable=False)
    await make_template(members, "paused", claimable=True)
    await change(members, "paused", state="paused")
    window = {"valid_days": None, "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2021-01-01T00:00:00Z"}
    await make_template(members, "over", claimable=True, **window)

    offers = (await members.client.get("/members/v1/coupon-offers", headers=members.headers())).json()["items"]
    assert [offer["code"] for offer in offers] == ["open"]
    assert "issued" not in offers[0]


async def test_a_template_whose_answer_was_lost_is_asked_for_again_and_is_the_same(members: RunningService) -> None:
    headers = members.headers(Role.OPERATOR, member_id=OPERATOR, key="lost")
    first, again = [await members.client.post(PATH, json=template_body(), headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
