from typing import Any

import pytest

from common.auth.principal import Role
from common.contracts.lifecycle import ActionRequested
from factories.lifecycle import DAY, START, Life, granted, member, refused, registered
from factories.lifecycle_rows import check

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)


async def items(life: Life, path: str, **query: Any) -> list[Any]:
    found: list[Any] = (await life.get(path, **query))["items"]
    return found


async def test_actions_are_listed_with_what_became_of_them(life: Life) -> None:
    await life.happen(registered(ANNA))
    message, coupon = await life.service.events(ActionRequested)
    await life.pass_to(START + DAY / 48)
    await life.happen(granted(message.action_id, ANNA), refused(coupon.action_id, ANNA))

    [last, first] = await items(life, f"/members/{ANNA}/actions")
    assert first["action_id"] == str(message.action_id)
    assert (first["kind"], first["detail"]) == ("send_message", {"template": "welcome", "channel": "inbox"})
    assert (first["state"], first["reason"], first["asks"]) == ("done", None, 1)
    assert (last["kind"], last["detail"]) == ("issue_coupon", {"template": "newcomer_3"})
    assert (last["state"], last["reason"]) == ("refused", "supply_exhausted")
    assert last["requested_at"] < last["settled_at"]
    await check(life.service.db)


async def test_actions_are_filtered_and_paged(life: Life) -> None:
    await life.happen(registered(ANNA))
    await life.pass_to(START + DAY / 48)
    await life.happen(registered(BEN))
    asked = await life.service.events(ActionRequested)
    await life.happen(granted(asked[0].action_id, ANNA))
    between = (START + DAY / 96).isoformat()

    assert len(await items(life, "/actions", rule="welcome")) == 4
    assert await items(life, "/actions", rule="thanks") == []
    assert [each["action_id"] for each in await items(life, "/actions", state="done")] == [str(asked[0].action_id)]
    assert {each["member_id"] for each in await items(life, "/actions", from_=between)} == {str(BEN)}
    assert {each["member_id"] for each in await items(life, "/actions", to=between)} == {str(ANNA)}
    first = await life.get("/actions", limit=3)
    second = await life.get("/actions", limit=3, cursor=first["next_cursor"])
    listed = [each["action_id"] for each in [*first["items"], *second["items"]]]
    assert listed == [str(each.action_id) for each in reversed(asked)]


async def test_actions_are_counted_by_rule_kind_and_state(life: Life) -> None:
    await life.happen(registered(ANNA), registered(BEN))
    asked = [each for each in await life.service.events(ActionRequested) if each.member_id == ANNA]
    await life.happen(granted(asked[0].action_id, ANNA), refused(asked[1].action_id, ANNA))

    assert await items(life, "/action-counts") == [
        {"rule": "welcome", "kind": "issue_coupon", "state": "refused", "actions": 1},
        {"rule": "welcome", "kind": "issue_coupon", "state": "requested", "actions": 1},
        {"rule": "welcome", "kind": "send_message", "state": "done", "actions": 1},
        {"rule": "welcome", "kind": "send_message", "state": "requested", "actions": 1},
    ]


BACKWARDS = "from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    "query", ["state=pending", "rule=No!", "from=yesterday", "from=2026-03-01T00:00:00", BACKWARDS]
)
async def test_a_filter_that_makes_no_sense_is_refused(life: Life, query: str) -> None:
    answer = await life.service.client.get(
        f"/lifecycle/v1/actions?{query}", headers=life.service.headers(Role.OPERATOR)
    )
    assert answer.status_code == 422
