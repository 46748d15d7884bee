"""What became of each version, as time passes, and when the clock goes back."""

import pytest

from factories.lifecycle import DAY, HOUR, START, Life, ordered
from factories.lifecycle import member as member_of
from factories.policies import SMALL_TEXT, changed

pytestmark = pytest.mark.integration

STRICT = changed("convert: orders.count >= 1", "convert: orders.count >= 2")


async def states(life: Life) -> dict[int, str]:
    return {each["version"]: each["state"] for each in (await life.get("/policies"))["items"]}


async def test_a_version_is_prepared_then_scheduled_then_in_force_then_replaced(life: Life) -> None:
    version = (await life.post("/policies", text=STRICT))["version"]
    given_up = (await life.post("/policies", text=STRICT))["version"]
    assert await states(life) == {1: "in_force", version: "in_preparation", given_up: "in_preparation"}
    await life.post(f"/policies/{given_up}", method="DELETE", status=204)
    await life.walk()
    await life.post(f"/policies/{version}/publish", replaces=1, effective_at=(START + HOUR).isoformat())
    assert await states(life) == {1: "in_force", version: "scheduled", given_up: "abandoned"}
    await life.pass_to(START + HOUR)
    assert await states(life) == {1: "replaced", version: "in_force", given_up: "abandoned"}
    assert (await life.get("/policies"))["in_force"] == version
    life.clock._now = START - DAY
    assert (await states(life))[1] == "in_force", "by the clock of whoever asks"


async def test_what_follows_from_it_is_told_with_how_far_it_has_come(life: Life) -> None:
    await life.happen(*(ordered(member_of(number)) for number in range(3)))
    version = (await life.post("/policies", text=STRICT))["version"]
    before = await life.get(f"/policies/{version}")
    assert [(each["kind"], each["is_finished"], each["of"]) for each in before["walks"]] == [("impact", False, 3)]
    assert before["impact"] == []
    await life.walk()
    after = await life.get(f"/policies/{version}")
    assert [(each["members"], each["is_finished"]) for each in after["walks"]] == [(3, True)]
    assert after["impact"] == [{"dimension": "stage", "now": "convert", "then": "acquire", "members": 3}]
    [difference] = after["differences"]
    assert difference["path"] == "stages.convert"
    assert after["text"] == STRICT
    assert (await life.get("/policies/1"))["text"] == SMALL_TEXT
