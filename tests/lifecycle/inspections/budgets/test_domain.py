"""What a policy may give is told in words, with what it was reckoned by."""

from factories.small_policies import messages_of, small, told_of
from lifecycle.inspections.budgets.domain import budgeted
from lifecycle.inspections.circumstances.domain import NOTHING_KNOWN, Circumstances

PRICES = Circumstances(coupons={"a": 1050}, members={"acquire": 70, "buy": 30, "active": 99, "chatty": 5})
RULES = (
    "r: {when: {enters: buy}, reenter: {cooldown: 20d}, do: [{coupon: a}, {points: 5, reason: b}]};"
    "s: {when: {event: order.paid}, reenter: each, do: [{coupon: a}]};"
    "t: {when: {event: order.picked_up}, reenter: each, do: [{message: a}]};"
    "u: {when: {event: order.paid}, do: [{coupon: z}]}"
)
POLICY = small(rules=RULES)


def test_each_rule_is_told_with_its_bound() -> None:
    assert messages_of(POLICY, "gives", PRICES)[2] == (
        "up to 2 times for a member in a month, by reenter: {cooldown: 20d}: CNY 21.00 in coupons, 10 points, 0 messages"
    )


def test_what_nothing_bounds_is_a_warning_if_it_gives_more_than_messages() -> None:
    found = [(each.path, each.severity) for each in budgeted(POLICY, PRICES) if each.text.code == "unbounded"]
    assert found == [("rules.s.do", "warning"), ("rules.t.do", "note")]


def test_all_together_is_told_for_one_member_and_for_today_s() -> None:
    (together,) = messages_of(POLICY, "gives_together", PRICES)
    assert together.startswith(
        "all rules together: at most CNY 21.00 in coupons, 10 points, 2 messages a member and month"
    )
    assert together.endswith("nothing bounds them: s, t")
    (everybody,) = messages_of(POLICY, "gives_everybody", PRICES)
    assert everybody.startswith("today's 100 members: at most CNY 2,100.00 in coupons, 1000 points, 200 messages")
    assert not messages_of(POLICY, "gives_everybody")


def test_a_coupon_without_a_value_is_told() -> None:
    assert messages_of(POLICY, "unpriced", PRICES) == [
        "the value of these coupons is not known and counts as nothing: z"
    ]
    known = Circumstances(coupons={"a": 1, "z": 1})
    assert not messages_of(POLICY, "unpriced", known)
    unpriced = {
        each.severity
        for told in (PRICES, NOTHING_KNOWN)
        for each in budgeted(POLICY, told)
        if "unpriced" in each.text.code
    }
    assert unpriced == {"warning", "note"}


def test_who_stands_where_a_rule_waits_is_told() -> None:
    assert messages_of(POLICY, "stand_there", PRICES) == [
        "30 members stand in buy today; a new rule reaches them by enrolment only"
    ]
    assert ("stand_there", "rules.r.when") not in told_of(POLICY)
