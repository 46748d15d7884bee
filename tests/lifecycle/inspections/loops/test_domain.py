"""Rules that are triggered by what they cause are told: as an error if nothing ends it, else so that somebody looks."""

import pytest

from factories.small_policies import messages_of, small, told_of

LOOPS = [
    ("r: {when: {event: coupon.issued}, reenter: each, do: [{coupon: a}]}", "loop_endless"),
    ("r: {when: {event: reward.granted}, reenter: each, do: [{points: 1, reason: b}]}", "loop_endless"),
    ("r: {when: {event: message.sent}, reenter: each, do: [{message: a, channel: sms}]}", "loop_endless"),
    (
        """r: {when: {event: coupon.issued}, if: 'event.template = "a"', reenter: each, do: [{coupon: a}]}""",
        "loop_endless",
    ),
    (
        "r: {when: {event: points.earned}, if: event.points < 5, reenter: each, do: [{points: 3, reason: b}]}",
        "loop_endless",
    ),
    ("r: {when: {event: coupon.issued}, if: vip, reenter: each, do: [{coupon: a}]}", "loop_possible"),
    ("r: {when: {event: coupon.issued}, reenter: {cooldown: 9d}, do: [{coupon: a}]}", "loop_possible"),
    ("r: {when: {event: coupon.issued}, class: promo, reenter: each, do: [{coupon: a}]}", "loop_possible"),
    ("r: {when: {event: reward.refused}, reenter: each, do: [{coupon: a}]}", "loop_possible"),
    ("r: {when: {enters: given}, reenter: each, do: [{coupon: a}]}", "loop_possible"),
    ("r: {when: {enters: rich}, reenter: each, do: [{points: 1, reason: a}]}", "loop_possible"),
    ("r: {when: {leaves: both}, reenter: each, do: [{coupon: a}]}", "loop_possible"),
    ("r: {when: {event: coupon.issued}, do: [{coupon: a}]}", "loop_ends"),
    ("r: {when: {enters: given}, do: [{coupon: a}]}", "loop_ends"),
]
NO_LOOPS = [
    "r: {when: {event: coupon.claimed}, reenter: each, do: [{coupon: a}]}",
    """r: {when: {event: coupon.issued}, if: 'event.template = "b"', reenter: each, do: [{coupon: a}]}""",
    """r: {when: {event: coupon.issued}, if: 'event.source = "claim"', reenter: each, do: [{coupon: a}]}""",
    "r: {when: {event: points.earned}, if: event.points > 5, reenter: each, do: [{points: 3, reason: b}]}",
    "r: {when: {enters: claimed}, reenter: each, do: [{coupon: a}]}",
    "r: {when: {enters: given}, reenter: each, do: [{message: a}]}",
    "r: {when: {event: order.paid}, reenter: each, do: [{coupon: a}]}",
]


def looping(rules: str) -> set[tuple[str, str]]:
    segments = "given: gifts.count >= 3; claimed: claims.count >= 3; both: in(given) and vip; rich: earned in [1, 2]"
    caps = "[{class: promo, max: 3, per: day}]"
    return {each for each in told_of(small(rules=rules, segments=segments, caps=caps)) if each[0].startswith("loop")}


@pytest.mark.parametrize(("rule", "code"), LOOPS)
def test_a_rule_that_feeds_itself_is_told(rule: str, code: str) -> None:
    assert looping(rule) == {(code, "rules.r.do")}


@pytest.mark.parametrize("rule", NO_LOOPS)
def test_a_rule_that_does_not_is_left_alone(rule: str) -> None:
    assert looping(rule) == set()


def test_rules_that_feed_one_another_are_told_once_with_the_whole_way() -> None:
    rules = (
        "a: {when: {event: points.earned}, reenter: each, do: [{coupon: x}]};"
        "b: {when: {event: coupon.issued}, reenter: each, do: [{message: y}]};"
        "c: {when: {event: message.sent}, reenter: each, do: [{points: 1, reason: z}]}"
    )
    assert looping(rules) == {("loop_endless", "rules.a.do")}
    (told,) = messages_of(small(rules=rules), "loop_endless")
    assert "a → coupon.issued → b → message.sent → c → points.earned → a; nothing bounds it" in told


def test_a_way_through_where_members_stand_is_told() -> None:
    segments = "given: gifts.count >= 3; both: in(given) and vip"
    rules = "r: {when: {enters: both}, reenter: each, do: [{coupon: a}]}"
    (told,) = messages_of(small(segments=segments, rules=rules), "loop_possible")
    assert "r → coupon.issued → both → r" in told
