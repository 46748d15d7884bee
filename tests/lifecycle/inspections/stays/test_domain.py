"""How long one can be somewhere by time alone is found, and what waits for longer is told."""

import pytest

from factories.small_policies import messages_of, small, told_of
from lifecycle.inspections.stays.domain import Stay, longest_stay
from lifecycle.inspections.worlds.domain import world_of

TOLD = [
    ("{held: at_risk, for: 15d}", "outlasts"),
    ("{held: at_risk, for: 3w}", "outlasts"),
    ("{enters: at_risk, settle: 15d}", "outlasts"),
    ("{held: at_risk, for: 360h}", "outlasts"),
    ("{held: fresh, for: 8d}", "kept_by_events"),
    ("{held: fresh, for: 1mo}", "kept_by_events"),
]
FINE = [
    "{held: at_risk, for: 14d}",
    "{held: fresh, for: 7d}",
    "{held: lost, for: 90d}",
    "{held: active, for: 60d}",
    "{held: buy, for: 99d}",
]


def waiting(trigger: str) -> set[str]:
    policy = small(segments="fresh: since(chat) < 8d", rules=f"r: {{when: {trigger}, do: [{{message: a}}]}}")
    return {code for code, path in told_of(policy) if path.startswith("rules.r.when.")}


@pytest.mark.parametrize(("trigger", "code"), TOLD)
def test_a_wait_that_outlasts_where_it_waits_is_told(trigger: str, code: str) -> None:
    assert waiting(trigger) == {code}


@pytest.mark.parametrize("trigger", FINE)
def test_a_wait_that_may_end_is_left_alone(trigger: str) -> None:
    assert waiting(trigger) == set()


@pytest.mark.parametrize(
    ("condition", "stay"),
    [
        ("since(orders) > 30d and since(orders) <= 45d", Stay(15, 15)),
        ("since(orders) <= 30d", Stay(31, None)),
        ("since(orders) > 30d", Stay(None, None)),
        ("never(orders)", Stay(None, None)),
        ("since(orders) <= 3d or since(orders) > 7d and since(orders) < 10d", Stay(10, None)),
        ("since(orders) > 30d and since(orders) <= 45d and since(chat) < 5d", Stay(5, 15)),
        ("since(orders) > 30d and since(orders) <= 45d or never(orders) and since(chat) in_week", Stay(15, None)),
        ("orders.days(30d) >= 1", Stay(30, None)),
        ("since(orders) > clamp(2 * orders.pace, 14d, 30d) and since(orders) <= 45d", Stay(31, 31)),
    ],
)
def test_the_longest_stay_is_that_of_the_ages(condition: str, stay: Stay) -> None:
    policy = small(segments=f"x: {condition.replace('in_week', '<= 7d')}")
    assert longest_stay(world_of(policy), "x") == stay


def test_the_reason_is_told() -> None:
    policy = small(rules="r: {when: {held: at_risk, for: 3w}, do: [{message: a}]}")
    assert messages_of(policy, "outlasts") == [
        "after at most 15 days nobody is in at_risk any more, unless an event comes late or is taken back; so 3w is too long"
    ]


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("{when: {enters: lost}, reenter: {cooldown: 3650d}", {"never_again"}),
        ("{when: {enters: lost}, reenter: {cooldown: 365d}", set()),
        ("{when: {event: member.registered}, reenter: each", {"once_anyway"}),
        ("{when: {event: member.registered}, reenter: {per: [channel]}", {"once_anyway"}),
        ("{when: {event: member.registered}, reenter: once", set()),
        ("{when: {event: order.paid}, reenter: each", set()),
    ],
)
def test_a_way_to_come_again_that_nothing_comes_by_is_told(rule: str, codes: set[str]) -> None:
    found = told_of(small(rules=f"r: {rule}, do: [{{message: a}}]}}"))
    assert {code for code, path in found if path == "rules.r.reenter"} == codes
