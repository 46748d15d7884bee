"""Who is in a segment, and how many: as they come and go, and by the version in force."""

from typing import Any

import pytest

from common.auth.principal import Role
from factories.lifecycle import DAY, HOUR, START, Life, member, ordered
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

KEEN = f"{SMALL_TEXT}segments:\n  keen: orders.days(7d) >= 1\n"
MEMBERS = sorted(member(number) for number in range(5))


@pytest.mark.parametrize("lives_by", [KEEN], indirect=True)
async def test_members_are_listed_in_pages_that_join_until_they_leave(life: Life) -> None:
    await life.happen(*(ordered(who) for who in MEMBERS))
    found: list[tuple[str, str]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await life.get("/segments/keen/members", limit=2, **cursor)
        found += [(each["member_id"], each["since"]) for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == [(str(who), f"{START:%Y-%m-%dT%H:%M:%SZ}") for who in MEMBERS]
    assert [each["members"] for each in (await life.get("/segments"))["items"]] == [5]

    await life.pass_to(START + DAY)
    await life.happen(ordered(MEMBERS[0], START + DAY))
    await life.pass_to(START + 7 * DAY)
    assert [each["member_id"] for each in (await life.get("/segments/keen/members"))["items"]] == [str(MEMBERS[0])]
    assert [each["members"] for each in (await life.get("/segments"))["items"]] == [1]


async def test_a_segment_that_is_only_scheduled_is_not_in_force_yet(life: Life) -> None:
    version = await life.publish(KEEN, effective_at=(START + DAY).isoformat())
    await life.pass_to(START + HOUR)
    assert await life.get("/segments") == {"version": 1, "items": []}
    answer = await life.service.client.get(
        "/lifecycle/v1/segments/keen/members", headers=life.service.headers(Role.OPERATOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "segment_unknown")

    await life.pass_to(START + DAY)
    segments = await life.get("/segments")
    assert (segments["version"], [each["name"] for each in segments["items"]]) == (version, ["keen"])
    assert (await life.get("/segments/keen/members"))["items"] == []


async def test_a_segment_that_nobody_declared_is_unknown(life: Life) -> None:
    answer = await life.service.client.get(
        "/lifecycle/v1/segments/nobody/members", headers=life.service.headers(Role.OPERATOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "segment_unknown")
