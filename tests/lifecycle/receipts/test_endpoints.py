from typing import Any

import pytest

from common.auth.principal import Role
from factories.guarded_histories import MEMBERS, live, policy_text
from factories.lifecycle import DAY, START, Life, member, ordered

pytestmark = pytest.mark.integration


@pytest.fixture
def lives_by() -> str:
    return policy_text()


@pytest.fixture
def guarded(lives_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)


async def listed(life: Life, **query: Any) -> list[Any]:
    found: list[Any] = (await life.get("/receipts", limit=200, **query))["items"]
    return found


async def test_receipts_are_listed_newest_first_filtered_and_paged(guarded: None, life: Life) -> None:
    await live(life, 5, days=12)
    whole = await listed(life)
    numbers = [each["number"] for each in whole]
    assert numbers == sorted(numbers, reverse=True)

    who, rule, outcome = str(MEMBERS[1]), whole[0]["rule"], whole[0]["outcome"]
    assert await listed(life, member=who) == [each for each in whole if each["member_id"] == who]
    assert await listed(life, rule=rule) == [each for each in whole if each["rule"] == rule]
    assert await listed(life, outcome=outcome) == [each for each in whole if each["outcome"] == outcome]
    noon = (START + 6 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    later, earlier = await listed(life, from_=noon), await listed(life, to=noon)
    assert sorted([each["number"] for each in (*later, *earlier)], reverse=True) == numbers
    assert max(each["gate_at"] for each in earlier) < noon <= min(each["gate_at"] for each in later)
    first = await life.get("/receipts", limit=3)
    second = await life.get("/receipts", limit=3, cursor=first["next_cursor"])
    assert [*first["items"], *second["items"]] == whole[:6]


async def test_a_receipt_has_the_condition_of_then_with_its_values(guarded: None, life: Life) -> None:
    await life.happen(ordered(member(1), amount_minor=900))
    [listed_one] = await listed(life, rule="big_order")
    one = await life.get(f"/receipts/{listed_one['number']}")
    assert (one["condition"], one["holds"]) == ("event.amount_minor = 900 >= 800", True)
    assert one["values"] == {"event.amount_minor": 900}
    unasked = [each for each in await listed(life) if each["outcome"] == "not_still"]
    for each in unasked:
        assert (await life.get(f"/receipts/{each['number']}"))["condition"] is None


@pytest.mark.parametrize(("path", "status"), [("/receipts/1", 404), ("/receipts/0", 422), ("/receipts?rule=No!", 422)])
async def test_what_is_not_there_or_makes_no_sense(life: Life, path: str, status: int) -> None:
    answer = await life.service.client.get(f"/lifecycle/v1{path}", headers=life.service.headers(Role.OPERATOR))
    assert answer.status_code == status
