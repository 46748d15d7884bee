"""Members who are there already are brought a rule only so: proposed, confirmed, at a pace."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from common.contracts.members import MemberErased, MemberMerged
from factories.lifecycle import HOUR, START, Life, member, ordered, registered
from factories.lifecycle_rows import check
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

MEMBERS = [member(number) for number in range(30)]
NEW = f"{SMALL_TEXT.rstrip()}\n  anniversary: {{when: enrolment, if: orders.count >= 1, do: [{{points: 5}}]}}\n"


async def enrolled(life: Life) -> list[Any]:
    items = (await life.get("/actions", limit=100))["items"]
    return [each["member_id"] for each in items if each["rule"] == "anniversary"]


async def proposed(life: Life, **body: Any) -> Any:
    return await life.post("/enrolments", **{"rule": "anniversary", "per_minute": 120, **body})


@pytest.mark.parametrize("lives_by", [NEW], indirect=True)
async def test_a_rule_is_brought_to_those_who_stand_so_at_its_pace(life: Life) -> None:
    await life.happen(*map(ordered, MEMBERS[:25]), *map(registered, MEMBERS[25:]))
    made = await proposed(life, stage="convert", per_minute=12)
    assert (made["state"], made["members"], made["enrolled"]) == ("proposed", 25, 0)
    await life.pass_to(START + HOUR / 2)
    await life.walk()
    assert await enrolled(life) == []

    await life.post(f"/enrolments/{made['enrolment_id']}/confirm", members=25)
    await life.walk()
    first = await enrolled(life)
    assert 0 < len(first) <= 12, "one a minute in each of twelve lanes"
    await life.pass_to(START + HOUR)
    await life.walk()
    assert sorted(await enrolled(life)) == sorted(map(str, MEMBERS[:25]))
    seen = await life.get(f"/enrolments/{made['enrolment_id']}")
    assert (seen["state"], seen["enrolled"]) == ("finished", 25)
    await check(life.service.db)


@pytest.mark.parametrize("lives_by", [NEW], indirect=True)
async def test_the_rule_still_decides_for_each(life: Life) -> None:
    await life.happen(ordered(MEMBERS[0]), registered(MEMBERS[1]))
    await life.pass_to(START + HOUR / 2)
    made = await proposed(life)
    assert made["members"] == 2
    await life.post(f"/enrolments/{made['enrolment_id']}/confirm", members=2)
    await life.walk()
    assert await enrolled(life) == [str(MEMBERS[0])]
    counted = await life.service.db.fetch("SELECT member_id, rule, reason FROM receipt_count")
    assert [tuple(row) for row in counted] == [(MEMBERS[1], "anniversary", "condition_false")]


@pytest.mark.parametrize("lives_by", [NEW], indirect=True)
async def test_who_is_another_or_erased_is_brought_nothing(life: Life) -> None:
    anna, ben, carl = MEMBERS[:3]
    await life.happen(*map(ordered, (anna, ben, carl)))
    await life.happen(MemberMerged(member_id=ben, root_id=anna, merged_at=START))
    await life.happen(MemberErased(member_id=carl, erased_at=START))
    await life.pass_to(START + HOUR / 2)
    made = await proposed(life)
    assert made["members"] == 1
    await life.post(f"/enrolments/{made['enrolment_id']}/confirm", members=1)
    await life.walk()
    assert await enrolled(life) == [str(anna)]
    await check(life.service.db)


@pytest.mark.parametrize("lives_by", [NEW], indirect=True)
async def test_many_more_than_were_confirmed_are_a_conflict(life: Life) -> None:
    await life.happen(registered(MEMBERS[0]))
    made = await proposed(life)
    await life.happen(*map(registered, MEMBERS[1:5]))
    refused = await life.post(f"/enrolments/{made['enrolment_id']}/confirm", members=1, status=409)
    assert (refused["code"], refused["current"]) == ("members_changed", {"members": 5})


@pytest.mark.parametrize("lives_by", [NEW], indirect=True)
async def test_it_begins_once_and_ends_when_it_is_stopped(life: Life) -> None:
    await life.happen(*map(ordered, MEMBERS))
    await life.pass_to(START + HOUR / 2)
    made = await proposed(life, per_minute=12)
    path = f"/enrolments/{made['enrolment_id']}"
    confirming = [life.post(f"{path}/confirm", members=30) for _ in range(2)]
    answers = await asyncio.gather(*confirming, return_exceptions=True)
    assert sum(isinstance(answer, AssertionError) for answer in answers) == 1, "the other is a conflict"
    await life.walk()
    some = len(await enrolled(life))
    assert (await life.post(path, method="DELETE", status=200))["state"] == "stopped"
    await life.pass_to(START + 2 * HOUR)
    await life.walk()
    assert len(await enrolled(life)) == some < 30
    assert (await life.post(path, method="DELETE", status=409))["code"] == "enrolment_ended"
    [seen] = (await life.get("/enrolments"))["items"]
    assert seen["state"] == "stopped"
    assert all(seen[who] for who in ("operator_id", "confirmed_by", "stopped_by")), "whoever did something is kept"
    assert seen["confirmed_at"] <= seen["stopped_at"]


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"rule": "none"}, "rule_unknown", 404),
        ({"rule": "welcome", "stage": "active"}, "standing_unknown", 422),
        ({"rule": "welcome", "segment": "nobody"}, "standing_unknown", 422),
        ({"rule": "welcome", "per_minute": 1}, "request_invalid", 422),
    ],
)
async def test_what_is_not_there_is_refused(life: Life, body: dict[str, Any], code: str, status: int) -> None:
    assert (await life.post("/enrolments", **{"per_minute": 60, **body}, status=status))["code"] == code


async def test_an_unknown_enrolment_is_not_found(life: Life) -> None:
    assert (await life.post(f"/enrolments/{uuid4()}/confirm", members=1, status=404))["code"] == "enrolment_unknown"
