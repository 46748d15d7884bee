"""What a rule can give is bounded by whatever allows the least; no life gets more."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from factories.lives import START, lived, moments, ruled
from factories.small_policies import small
from lifecycle.inspections.circumstances.domain import Circumstances
from lifecycle.inspections.expenses.domain import Total, expenses, for_a_member, for_members
from lifecycle.policy.domain import Policy
from lifecycle.stepping.domain import Arrival

PRICES = Circumstances(coupons={"a": 300, "b": 500})


def check_bounds(policy: Policy, happened: list[tuple[int, str]], arrive: Callable[..., Arrival]) -> None:
    """Who registers does so first, and once."""
    arrivals = [
        arrive(name, START + timedelta(minutes=minutes), number=number)
        for number, (minutes, name) in enumerate(happened)
        if name != "member.registered" or not number
    ]
    life = lived(policy, arrivals, until=START + timedelta(days=90))
    zone = ZoneInfo(policy.tz)
    months = Counter((decision.rule, f"{gate.astimezone(zone):%Y-%m}") for gate, decision in life.acted)
    found = {each.rule: each for each in expenses(policy, PRICES)}
    for (rule, _), times in months.items():
        bound = found[rule].bound
        assert bound is None or times <= bound.times
    if all(each.bound for each in found.values()):
        total = for_a_member(policy, tuple(found.values()))
        for month in {month for _, month in months}:
            points = sum(found[rule].points * times for (rule, then), times in months.items() if then == month)
            assert points <= total.points


@settings(max_examples=20, deadline=None)
@given(policy=ruled(), happened=moments)
def test_no_life_gets_more(policy: Policy, happened: list[tuple[int, str]], arrive: Callable[..., Arrival]) -> None:
    check_bounds(policy, happened, arrive)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(policy=ruled(), happened=moments)
def test_no_life_of_many_gets_more(
    policy: Policy, happened: list[tuple[int, str]], arrive: Callable[..., Arrival]
) -> None:
    check_bounds(policy, happened, arrive)


CAPS = (
    "[{class: promo, max: 1, per: week, keep: {priority: 60, slots: 1}}, {class: news, max: 2, per: day, channel: sms}]"
)


@pytest.mark.parametrize(
    ("rule", "times", "how"),
    [
        ("when: {event: order.paid}", 1, "reenter: once"),
        ("when: {event: order.paid}, reenter: {cooldown: 30d}", 2, "reenter: {cooldown: 30d}"),
        ("when: {event: order.paid}, reenter: {cooldown: 7d}", 5, "reenter: {cooldown: 7d}"),
        ("when: {event: order.paid}, reenter: {cooldown: 7d}, valid_for: 96h", 6, "reenter: {cooldown: 7d}"),
        ("when: {event: order.refunded}, reenter: {per: [full]}", 2, "reenter: {per: [full]}"),
        ("when: {event: coupon.issued}, reenter: {per: [source]}", 3, "reenter: {per: [source]}"),
        ("when: {event: checkin.recorded}, reenter: each", 34, "when: {event: checkin.recorded}"),
        ("when: {event: member.registered}, reenter: each", 1, "when: {event: member.registered}"),
        ("when: {held: lost, for: 10d}, reenter: each", 4, "when: {held: lost, for: 10d}"),
        (
            "when: {enters: lost, settle: 240h}, reenter: each",
            4,
            "when: {enters: lost, settle: 240h}, at least 240h apart",
        ),
        (
            "when: {event: order.paid}, class: promo, priority: 60, reenter: each",
            6,
            "guards.caps[1]: {class: promo, max: 1, per: week, keep: {priority: 60, slots: 1}}",
        ),
        (
            "when: {event: order.paid}, class: promo, reenter: each",
            0,
            "guards.caps[1]: {class: promo, max: 1, per: week, keep: {priority: 60, slots: 1}}",
        ),
    ],
)
def test_the_tightest_bound_is_found_and_named(rule: str, times: int, how: str) -> None:
    found = expenses(small(rules=f"r: {{{rule}, do: [{{coupon: a}}]}}", caps=CAPS), PRICES)[-1]
    assert found.bound is not None
    assert (found.bound.times, found.bound.how) == (times, how)


@pytest.mark.parametrize(
    "rule",
    [
        "when: {event: order.paid}, reenter: each",
        "when: {event: order.paid}, reenter: {per: [amount_minor]}",
        "when: {enters: buy}, reenter: each",
        "when: {enters: buy, settle: 1d}, still: false, reenter: each",
        "when: {event: order.paid}, class: news, reenter: each",
    ],
)
def test_what_nothing_bounds_is_unbounded(rule: str) -> None:
    assert expenses(small(rules=f"r: {{{rule}, do: [{{coupon: a}}]}}", caps=CAPS), PRICES)[-1].bound is None


def test_each_time_gives_what_the_actions_say() -> None:
    actions = "[{coupon: a}, {coupon: b}, {coupon: c}, {points: 5, reason: x}, {message: y}]"
    found = expenses(small(rules=f"r: {{when: {{enters: buy}}, do: {actions}}}"), PRICES)[-1]
    assert (found.coupons_minor, found.points, found.messages, found.unpriced) == (800, 5, 1, ("c",))


def test_a_cap_is_filled_by_the_dearest() -> None:
    policy = small(
        caps="[{class: promo, max: 3, per: month}]",
        rules="r: {when: {event: order.paid}, class: promo, reenter: {cooldown: 20d}, do: [{coupon: a}]};"
        "s: {when: {event: order.paid}, class: promo, reenter: {cooldown: 20d}, do: [{coupon: b}]}",
    )
    assert for_a_member(policy, expenses(policy, PRICES)) == Total(coupons_minor=2 * 500 + 300, points=0, messages=2)


@pytest.mark.parametrize(
    ("rule", "guards", "coupons_minor"),
    [
        ("", "", 300_000),
        ("holdout: 10%,", "", 270_000),
        ("holdout: 10%,", "holdout: {salt: x, share: 20%}", 216_000),
        ("holdout: 10%, class: free,", "holdout: {salt: x, share: 20%}", 270_000),
        ("holdout: 10%,", "holdout: {salt: x, share: 20%, unit: community}", 300_000),
    ],
)
def test_everybody_is_all_members_but_those_held_out(rule: str, guards: str, coupons_minor: int) -> None:
    policy = small(
        classes="free: {holdout: false}",
        quiet=guards,
        rules=f"r: {{when: {{enters: buy}}, {rule} do: [{{coupon: a}}]}}",
    )
    found = expenses(policy, PRICES)
    assert for_members(policy, found, 1_000).coupons_minor == coupons_minor
    assert for_a_member(policy, found).coupons_minor == 300
