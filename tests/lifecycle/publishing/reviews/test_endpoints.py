"""What is to be known of a policy before it is published, from the shop's own members."""

import pytest

from factories.lifecycle import Life, member, registered
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

LOOP = "  loop: {when: {event: coupon.issued}, reenter: each, do: [{coupon: more}]}\n"


async def test_what_it_may_cost_is_reckoned_for_the_members_there_are(life: Life) -> None:
    await life.happen(*(registered(member(number)) for number in range(7)))
    coupons = {"newcomer_3": 300, "thanks_3": 300, "second_order_4": 400}
    told = await life.post("/policies/check", text=SMALL_TEXT, coupons=coupons, messages=["welcome"], status=200)
    assert not told["is_publishable"]
    missing = [each for each in told["findings"] if each["severity"] == "error"]
    assert {each["path"] for each in missing} == {"rules.say_hello.do[1].message", "rules.at_risk.do[1].message"}
    assert all(each["line"] and each["zh"] for each in missing)
    assert any("7 members" in each["en"] for each in told["findings"])
    assert (await life.post("/policies/check", text=SMALL_TEXT, status=200))["is_publishable"]


async def test_what_feeds_itself_is_not_even_prepared(life: Life) -> None:
    refused = await life.post("/policies", text=SMALL_TEXT.rstrip() + "\n" + LOOP, status=422)
    assert (refused["code"], refused["errors"][0]["field"]) == ("policy_invalid", "body.text.rules.loop.do")
    assert [each["version"] for each in (await life.get("/policies"))["items"]] == [1]


async def test_what_is_no_policy_is_told_as_such(life: Life) -> None:
    told = await life.post("/policies/check", text="policy: x\n", status=200)
    assert not told["is_publishable"]
    assert {each["severity"] for each in told["findings"]} == {"error"}


async def test_what_a_text_changes_is_told_without_keeping_it(life: Life) -> None:
    stricter = SMALL_TEXT.replace("- convert: orders.count >= 1", "- convert: orders.count >= 2")
    told = await life.post("/policies/diff", text=stricter, status=200)
    assert told["version"] == 1
    [changed] = told["items"]
    assert changed["path"] == "stages.convert"
    assert "orders.count(all) >= 1 → orders.count(all) >= 2" in changed["en"]
    assert changed["zh"] != changed["en"]
    assert (await life.post("/policies/diff", text=f"# the same\n{SMALL_TEXT}", status=200))["items"] == []
    assert (await life.post("/policies/diff", text="policy: x", status=422))["code"] == "policy_invalid"
    assert [each["version"] for each in (await life.get("/policies"))["items"]] == [1]
