"""Why, and why not: every way in which a rule does or does not act has an answer, with what decided it."""

from typing import Any
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.lifecycle import ActionRequested
from factories.guarded_histories import pause, policy_text, publish
from factories.lifecycle import DAY, HOUR, START, Life, chatted, checked_in, granted, member, midnight, ordered, refused
from factories.lifecycle import registered as told_registered
from lifecycle.jobs import forget_receipts
from lifecycle.policy.holdouts.domain import bucket_of

pytestmark = pytest.mark.integration

TREATED = next(who for who in map(member, range(50)) if bucket_of("everyone", str(who)) >= 2000)
HELD_OUT = next(who for who in map(member, range(50)) if bucket_of("everyone", str(who)) < 2000)


@pytest.fixture
def lives_by() -> str:
    return policy_text()


@pytest.fixture
def guarded(lives_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)


async def why(life: Life, about: str, *, who: UUID = TREATED, **query: Any) -> Any:
    answer = await life.get(f"/members/{who}/why", about=about, **query)
    assert answer["member_id"] == str(who)
    return answer["items"][0]


def words(answer: Any, *parts: str) -> list[str]:
    return [each["words"] for part in parts or ("because",) for each in answer[part]]


def codes(answer: Any, part: str = "because") -> list[str]:
    return [each["code"] for each in answer[part]]


async def test_a_stage_is_told_with_its_condition_and_what_caused_it(guarded: None, life: Life) -> None:
    await life.happen(told_registered(TREATED))
    await life.happen(ordered(TREATED), ordered(TREATED))
    stage = await why(life, "stage")

    assert stage["verdict"]["words"] == "stage is convert since 2026-03-02 12:00: entry 1 into it"
    assert words(stage) == [
        "stage was acquire before",
        "an event of the member brought it about",
        "by version 1 of the policy",
        "repurchase did not hold: orders.days(all) = 1 >= 2",
        "convert held: orders.count(all) = 1 >= 1",
    ]
    assert words(stage, "now")[-1] == "convert holds now: orders.count(all) = 2 >= 1"
    assert codes(stage, "ahead") == ["next_never"]
    chinese = await why(life, "stage", language="zh")
    assert chinese["verdict"]["words"] == "階段 從 2026-03-02 12:00 起為「convert」，第 1 次進入"
    assert codes(chinese) == codes(stage)


async def test_what_time_brought_is_told_so_and_what_it_will_bring(guarded: None, life: Life) -> None:
    await life.happen(chatted(TREATED))
    await life.pass_to(START + 10 * DAY)
    health = await why(life, "health")

    assert "caused_by_time" in codes(health)
    assert any("never(orders) = yes and since(engaged, joined) = 8d > 7d" in told for told in words(health))
    assert any("since(engaged, joined) = 10d > 7d" in told for told in words(health, "now"))
    [ahead] = health["ahead"]
    assert (ahead["words"], ahead["at"]) == (
        "health goes from at_risk to dormant, if nothing happens before",
        f"{midnight(START, days=31):%Y-%m-%dT%H:%M:%SZ}",
    )


async def test_a_segment_that_was_left_and_one_never_entered(guarded: None, life: Life) -> None:
    await life.happen(ordered(TREATED))
    await life.pass_to(START + DAY)
    await life.happen(ordered(TREATED, START + DAY))
    inside = await why(life, "loyal")
    assert inside["verdict"]["code"] == "in_segment"
    assert "loyal held: orders.days(14d) = 2 >= 2" in words(inside)
    assert codes(inside, "ahead") == ["next_leaving"]

    await life.pass_to(START + 20 * DAY)
    left = await why(life, "loyal")
    assert left["verdict"]["words"] == "not in segment loyal"
    assert {"left_segment", "caused_by_time"} <= set(codes(left))
    assert "loyal did not hold: orders.days(14d) = 1 >= 2" in words(left)
    assert codes(await why(life, "chatty")) == []


async def test_what_a_publish_did_is_nobodys_doing(guarded: None, life: Life) -> None:
    await life.happen(told_registered(TREATED))
    text = policy_text().replace("activate: engaged.days >= 1", "activate: joined.days >= 1")
    await publish(life.service.db, text, effective_at=START + HOUR)
    await life.pass_to(START + 2 * HOUR)
    await life.happen(checked_in(TREATED))
    stage = await why(life, "stage")
    assert {"caused_by_policy", "by_version"} <= set(codes(stage))
    assert "activate held: joined.days(all) = 1 >= 1" in words(stage)


async def test_a_rule_that_acted_tells_its_values_its_guards_and_what_was_heard(guarded: None, life: Life) -> None:
    await life.happen(ordered(TREATED, amount_minor=900))
    [request] = [each for each in await life.service.events(ActionRequested) if each.rule == "big_order"]
    asked = await why(life, "rule:big_order")
    assert asked["verdict"]["words"] == "rule big_order acted, the last time at 2026-03-02 12:00"
    told = words(asked)
    assert told[0] == "triggered by the event order.confirmed"
    assert "the condition holds: event.amount_minor = 900 >= 800" in told
    assert any(each.startswith("experiment everyone: ") and "so it takes part" in each for each in told)
    assert "coupon big_3: asked for 1 times since 2026-03-02 12:00, nothing heard yet" in told
    assert codes(asked, "ahead") == ["next_asking"]

    await life.happen(refused(request.action_id, TREATED))
    assert "coupon big_3: refused, because none are left" in words(await why(life, "rule:big_order"))
    assert "發券 big_3：被拒絕，原因：已經發完" in words(await why(life, "rule:big_order", language="zh"))


async def test_the_caps_that_left_room_are_told_and_the_one_that_did_not(guarded: None, life: Life) -> None:
    await life.happen(chatted(TREATED))
    assert "the cap of 1 promo a day left room" in words(await why(life, "rule:chat_offer"))
    await life.happen(chatted(TREATED))
    asked = await why(life, "rule:chat_offer")
    assert asked["verdict"]["code"] == "rule_waits"
    assert "the cap of 1 promo a day is full: it waits until 2026-03-03 00:00" in words(asked)
    assert "cap of 1 promo a day: 1 used" in words(asked, "now")
    assert codes(asked, "ahead") == ["next_asking", "next_release"]


async def test_what_came_in_quiet_hours_waits(guarded: None, life: Life) -> None:
    await life.clock.advance_to(START + 11 * HOUR)
    await life.happen(chatted(TREATED))
    asked = await why(life, "rule:chat_offer", language="zh")
    assert any(each.startswith("在免打擾時段：等到 2026-03-03 0") for each in words(asked))


async def test_a_condition_that_did_not_hold_is_counted_with_the_latest_values(guarded: None, life: Life) -> None:
    await life.happen(ordered(TREATED, amount_minor=500), ordered(TREATED, amount_minor=600))
    asked = await why(life, "rule:big_order")
    assert asked["verdict"]["code"] == "rule_did_not_act"
    assert words(asked)[1:] == [
        "its condition does not hold",
        "2 times on 2026-03-02, the last time at 2026-03-02 12:00; by version 1 of the policy",
        "the condition does not hold: event.amount_minor = 600 >= 800",
    ]


async def test_who_is_held_out_is_told_by_which_bucket(guarded: None, life: Life) -> None:
    await life.happen(chatted(HELD_OUT))
    asked = await why(life, "rule:chat_offer", who=HELD_OUT)
    bucket = bucket_of("everyone", str(HELD_OUT)) + 1
    told = f"experiment everyone: {HELD_OUT} has bucket {bucket} of 10000, and the first 2000 are held out"
    assert "decided_held_out" in codes(asked)
    assert told in words(asked)
    assert told in words(asked, "now")


async def test_a_rule_that_is_paused(guarded: None, life: Life) -> None:
    await pause(life.service.db, "chat_offer")
    await life.happen(chatted(TREATED))
    asked = await why(life, "rule:chat_offer")
    assert {"rule_is_paused", "decided_paused"} <= set(codes(asked))
    assert codes(asked, "now")[0] == "decided_paused"


async def test_all_that_stands_in_the_way_is_told_also_after_the_first(guarded: None, life: Life) -> None:
    await life.happen(ordered(TREATED))
    await life.pass_to(START + DAY)
    await life.happen(ordered(TREATED, START + DAY))  # loyal now: refused anything of the class
    await life.clock.advance_to(START + 35 * HOUR)
    asked = await why(life, "rule:check_in")
    in_the_way = [each["code"] for each in asked["now"] if each["holds"] is False]
    assert in_the_way[:3] == ["condition_fails", "decided_refused_by_state", "waits_quiet_hours"]
    assert any("checkins.streak = 0 >= 1 or in(chatty) = no" in each for each in words(asked, "now"))


async def test_what_has_not_triggered_a_rule_and_what_would(guarded: None, life: Life) -> None:
    await life.happen(told_registered(TREATED))
    assert codes(await why(life, "rule:chat_offer")) == ["triggers_event", "trigger_no_event"]
    assert codes(await why(life, "rule:at_risk")) == ["triggers_enters_settled", "trigger_never_entered"]
    waits = await why(life, "rule:say_hello")
    assert (waits["verdict"]["code"], codes(waits, "ahead")) == ("rule_waits", ["next_decision"])


async def test_a_rule_that_is_newer_than_the_last_chance_is_entered_by_enrolment(guarded: None, life: Life) -> None:
    await life.happen(ordered(TREATED), checked_in(TREATED))
    rules = """
  newer: {when: {enters: convert}, do: [{message: hello}]}
  hello_again: {when: {event: checkin.recorded}, do: [{message: hello}]}
"""
    await publish(life.service.db, policy_text() + rules, effective_at=START + DAY)
    await life.pass_to(START + 2 * DAY)
    await life.happen(chatted(TREATED))
    for rule in ("newer", "hello_again"):
        asked = await why(life, f"rule:{rule}")
        assert asked["verdict"]["code"] == "rule_untriggered"
        assert codes(asked)[1:3] == ["trigger_rule_is_newer", "trigger_by_enrolment"]
    assert words(await why(life, "rule:newer"))[1] == (
        "the last chance was at 2026-03-02 12:00, before the rule took effect at 2026-03-03 12:00"
    )


async def test_a_rule_that_the_policy_has_no_more_keeps_its_story(guarded: None, life: Life) -> None:
    await life.happen(ordered(TREATED, amount_minor=500))
    text = "\n".join(line for line in policy_text().splitlines() if "big_order" not in line)
    await publish(life.service.db, text, effective_at=START + HOUR)
    await life.pass_to(START + 2 * HOUR)
    await life.happen(chatted(TREATED))
    asked = await why(life, "rule:big_order")
    assert asked["verdict"]["code"] == "rule_is_withdrawn"
    assert asked["now"] == []
    assert "the condition does not hold: event.amount_minor = 500 >= 800" in words(asked)


async def test_without_a_question_everything_is_told(guarded: None, life: Life) -> None:
    await life.happen(told_registered(TREATED))
    answer = await life.get(f"/members/{TREATED}/why")
    assert [each["about"] for each in answer["items"]] == ["stage", "health", "loyal", "chatty", "ahead"]
    assert (answer["version"], answer["time_zone"]) == (1, "Asia/Shanghai")
    assert codes(answer["items"][-1], "ahead") == ["next_change", "next_asking", "next_asking", "next_decision"]


async def test_deep_mode_names_the_event_and_agrees(guarded: None, life: Life) -> None:
    await life.happen(told_registered(TREATED))
    await life.happen(ordered(TREATED, amount_minor=900))
    for about in ("stage", "rule:big_order"):
        asked = await why(life, about, deep=True)
        assert words(asked, "derived")[0].startswith("the event was order.confirmed, id ")
        assert codes(asked, "derived")[1:] == ["derivation_agrees"]


async def test_deep_mode_tells_what_is_not_kept_any_more(guarded: None, life: Life) -> None:
    """Receipts that were forgotten for their age are no difference, and are told again from the journal."""
    await life.happen(ordered(TREATED, amount_minor=900), ordered(TREATED, amount_minor=500))
    [request] = [each for each in await life.service.events(ActionRequested) if each.rule == "big_order"]
    await life.happen(granted(request.action_id, TREATED))
    await life.pass_to(START + 401 * DAY)
    await forget_receipts(life.service.db)
    shallow, deep = await why(life, "rule:big_order"), await why(life, "rule:big_order", deep=True)
    assert shallow["verdict"]["code"] == "rule_untriggered"
    assert "trigger_not_kept" in codes(shallow)
    assert deep["verdict"]["code"] == "rule_acted"
    assert "coupon big_3: done at 2026-03-02 12:00" in words(deep)
    assert codes(deep, "derived")[-1] == "derivation_agrees"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"about": "nothing"}, 404, "question_unknown"),
        ({"about": "rule:nothing"}, 404, "question_unknown"),
        ({"about": "Rule!"}, 422, "request_invalid"),
        ({"language": "fr"}, 422, "request_invalid"),
    ],
)
async def test_what_cannot_be_asked_is_refused(life: Life, query: dict[str, str], status: int, code: str) -> None:
    await life.happen(told_registered(TREATED))
    answer = await life.service.client.get(
        f"/lifecycle/v1/members/{TREATED}/why", params=query, headers=life.service.headers(Role.OPERATOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
