from typing import Any
from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.contracts.members import PointsDeducted, PointsEarned
from common.testing.services import RunningService
from factories.members import adjust, make_member

pytestmark = pytest.mark.integration


async def test_points_are_added_and_taken_and_the_ledger_shows_both(members: RunningService) -> None:
    member_id = await make_member(members)
    added = await adjust(members, member_id, 100, reason="goodwill")
    taken = await adjust(members, member_id, -30, reason="game")

    assert (added.status_code, taken.status_code) == (201, 201)
    headers = members.headers(member_id=member_id)
    assert (await members.client.get("/members/v1/members/me/points", headers=headers)).json() == {"balance": 70}
    entries = (await members.client.get("/members/v1/members/me/points/entries", headers=headers)).json()["items"]
    assert [(entry["number"], entry["points"], entry["balance"]) for entry in entries] == [(2, -30, 70), (1, 100, 100)]
    assert [entry["id"] for entry in entries] == [taken.json()["id"], added.json()["id"]]
    [earned] = await members.events(PointsEarned)
    assert (earned.points, earned.balance, earned.reason) == (100, 100, "goodwill")
    [deducted] = await members.events(PointsDeducted)
    assert (deducted.points, deducted.balance, deducted.reason) == (30, 70, "game")


async def test_more_than_there_is_cannot_be_taken(members: RunningService) -> None:
    member_id = await make_member(members)
    await adjust(members, member_id, 10)
    refused = await adjust(members, member_id, -11)

    assert (refused.status_code, refused.json()["code"]) == (409, "points_insufficient")


async def test_one_business_is_posted_once_also_under_another_key(members: RunningService) -> None:
    member_id = await make_member(members)
    first = await adjust(members, member_id, 10, business_id="complaint-7")
    again = await adjust(members, member_id, 10, business_id="complaint-7")
    other = await adjust(members, member_id, 10, business_id="complaint-7", reason="game")

    assert (first.status_code, other.status_code) == (201, 201)
    assert (again.status_code, again.json()["code"]) == (409, "entry_exists")


async def test_what_was_given_is_taken_back_by_its_inverse_once(members: RunningService) -> None:
    member_id = await make_member(members)
    entry = (await adjust(members, member_id, 40)).json()
    path = f"/members/v1/members/{member_id}/points/entries/{entry['id']}/reversal"
    headers = members.headers(Role.OPERATOR, key="undo")
    answers = [await members.client.post(path, headers=headers) for _ in range(2)]

    assert answers[0].status_code == 201, answers[0].text
    assert answers[0].content == answers[1].content
    inverse = answers[0].json()
    assert (inverse["kind"], inverse["points"], inverse["balance"]) == ("reverse", -40, 0)
    assert inverse["reverses"] == entry["id"]
    for entry_id in (entry["id"], inverse["id"]):
        refused = await members.client.post(
            f"/members/v1/members/{member_id}/points/entries/{entry_id}/reversal",
            headers=members.headers(Role.OPERATOR, key="new"),
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "entry_not_reversible")


async def test_what_was_spent_meanwhile_cannot_be_taken_back(members: RunningService) -> None:
    member_id = await make_member(members)
    entry = (await adjust(members, member_id, 40)).json()
    await adjust(members, member_id, -1, reason="game")
    refused = await members.client.post(
        f"/members/v1/members/{member_id}/points/entries/{entry['id']}/reversal",
        headers=members.headers(Role.OPERATOR, key="new"),
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "points_insufficient")


async def test_an_entry_belongs_to_its_member(members: RunningService) -> None:
    ann, bob = await make_member(members), await make_member(members)
    entry = (await adjust(members, ann, 40)).json()
    for member_id, entry_id in ((bob, entry["id"]), (ann, uuid4())):
        answer = await members.client.post(
            f"/members/v1/members/{member_id}/points/entries/{entry_id}/reversal",
            headers=members.headers(Role.OPERATOR, key="new"),
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "entry_not_found")


WRONG_ADJUSTMENTS: list[dict[str, Any]] = [
    {"points": 0, "reason": "game"},
    {"points": 1_000_001, "reason": "game"},
    {"points": "5", "reason": "game"},
    {"points": True, "reason": "game"},
    {"points": 5, "reason": "Free text"},
    {"points": 5, "reason": "game", "business_id": "with space"},
    {"points": 5},
]


async def test_wrong_adjustments_are_refused(members: RunningService) -> None:
    path = f"/members/v1/members/{await make_member(members)}/points/adjustments"
    for body in WRONG_ADJUSTMENTS:
        answer = await members.client.post(path, json=body, headers=members.headers(Role.OPERATOR, key="new"))
        assert answer.status_code == 422, body


async def test_who_is_not_there_has_no_points(members: RunningService) -> None:
    nobody = uuid4()

    assert (await adjust(members, nobody, 5)).status_code == 404
    for path in ("points", "points/entries"):
        answer = await members.client.get(
            f"/members/v1/members/{nobody}/{path}", headers=members.headers(Role.OPERATOR)
        )
        assert answer.status_code == 404


async def test_the_ledger_comes_in_pages(members: RunningService) -> None:
    member_id = await make_member(members)
    for _ in range(5):
        await adjust(members, member_id, 1)
    path = f"/members/v1/members/{member_id}/points/entries"
    numbers: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await members.client.get(path, params=query, headers=members.headers(Role.OPERATOR))
        numbers += [entry["number"] for entry in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]

    assert numbers == [5, 4, 3, 2, 1]


async def test_a_made_up_cursor_is_refused(members: RunningService) -> None:
    headers = members.headers(member_id=await make_member(members))
    for cursor in ("x", "AAAA", "_____________________w", "é"):
        answer = await members.client.get(
            "/members/v1/members/me/points/entries", params={"cursor": cursor}, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid"), cursor
