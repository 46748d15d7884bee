"""What is to be known of a policy before it is published, from the shop's own members."""

import pytest

from common.contracts.lifecycle import ActionRequested, IssueCoupon
from common.contracts.members import RewardRefused
from common.db import Database
from factories.lifecycle import HOUR, START, Life, granted, member, ordered, registered
from factories.lifecycle_rows import check
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

WITHOUT_NEWCOMER = {"thanks_3": 300, "second_order_4": 400}
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


async def coupons_asked(life: Life) -> list[ActionRequested]:
    asked = await life.service.events(ActionRequested)
    return [each for each in asked if isinstance(each.action, IssueCoupon)]


def removed(asked: ActionRequested) -> RewardRefused:
    """As members answers when the template has ended since."""
    return RewardRefused(
        action_id=asked.action_id, member_id=asked.member_id, kind="coupon", reason="template_inactive"
    )


async def warnings(life: Life) -> list[tuple[str, int]]:
    told = await life.post("/policies/check", text=SMALL_TEXT, status=200)
    assert told["is_publishable"]
    return [(each["path"], each["line"]) for each in told["findings"] if "not there" in each["en"]]


async def test_a_coupon_template_that_was_removed_since_is_told_of_the_member_of_why_and_of_the_next_policy(
    life: Life,
) -> None:
    anna = member(1)
    await life.happen(registered(anna), ordered(anna))
    assert await warnings(life) == []
    [newcomer] = await coupons_asked(life)
    await life.happen(removed(newcomer))

    [action] = [each for each in (await life.get("/actions"))["items"] if each["kind"] == "issue_coupon"]
    assert (action["state"], action["reason"], action["asks"]) == ("refused", "template_inactive", 1)
    for language, words in (
        ("en", "coupon newcomer_3: refused, because its template is paused or has ended"),
        ("zh", "發券 newcomer_3：被拒絕，原因：範本已停用"),
    ):
        why = await life.get(f"/members/{anna}/why", about="rule:welcome", language=language)
        assert words in [each["words"] for each in why["items"][0]["because"]]

    line = next(number for number, line in enumerate(SMALL_TEXT.splitlines(), 1) if "newcomer_3" in line)
    assert await warnings(life) == [("rules.welcome.do[2]", line)]
    told = await life.post("/policies/check", text=SMALL_TEXT, coupons=WITHOUT_NEWCOMER, status=200)
    assert not told["is_publishable"]
    [missing] = [each for each in told["findings"] if each["severity"] == "error"]
    assert (missing["path"], missing["line"]) == ("rules.welcome.do[2].coupon", line)
    assert missing["en"] == "there is no coupon template 'newcomer_3'; there are: second_order_4, thanks_3"

    await life.pass_to(START + 2 * HOUR)
    assert [each.rule for each in await coupons_asked(life)] == ["welcome", "thanks"], "never again; others go on"
    await check(life.service.db)


async def test_a_template_that_was_made_again_is_told_no_more(life: Life) -> None:
    await life.happen(registered(member(1)), registered(member(2)), registered(member(3)))
    first, second, third = await coupons_asked(life)
    await life.happen(granted(first.action_id, first.member_id), removed(second))
    assert len(await warnings(life)) == 1
    await life.happen(granted(third.action_id, third.member_id))
    assert await warnings(life) == []


async def test_who_was_refused_a_removed_coupon_has_it_from_the_next_occasion_on(life: Life) -> None:
    """A final no frees the slot: the key may be tried again, as another attempt."""
    text = f"{SMALL_TEXT.rstrip()}\n  each: {{when: {{event: order.confirmed}}, do: [{{coupon: spring}}]}}\n"
    await life.publish(text)
    await life.pass_to(START + HOUR)
    await life.walk()
    anna = member(1)
    await life.happen(ordered(anna, START + HOUR))
    [first] = [each for each in await coupons_asked(life) if each.rule == "each"]
    await life.happen(ordered(anna, START + HOUR))
    assert [each.attempt for each in await coupons_asked(life) if each.rule == "each"] == [1]
    await life.happen(removed(first), ordered(anna, START + HOUR), ordered(anna, START + HOUR))
    second = [each for each in await coupons_asked(life) if each.rule == "each"][-1]
    assert (second.attempt, second.key) == (2, first.key)
    assert second.action_id != first.action_id
    assert await requested(life.service.db) == {"refused": 1, "requested": 1}


async def requested(db: Database) -> dict[str, int]:
    found = await db.fetch("SELECT state, count(*) FROM action WHERE rule = 'each' GROUP BY state")
    return {row["state"]: row["count"] for row in found}
