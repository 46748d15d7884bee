"""What nobody can come to is told; what anybody comes to never is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings

from factories.lives import START, lived, moments, ruled
from factories.small_policies import messages_of, small, told_of
from lifecycle.inspections.reachability.domain import unreachable
from lifecycle.inspections.worlds.domain import world_of
from lifecycle.policy.domain import Policy
from lifecycle.stepping.domain import Arrival

UNREACHABLE = [
    (
        {"metrics": """none: {event: chat.message_counted, where: 'channel = "a" and channel = "b"'}"""},
        "counts_nothing",
        "metrics.none.where",
    ),
    ({"stages": "acquire: always; x: chat.count > 3 and chat.count < 3"}, "never_holds", "stages.x"),
    ({"stages": "acquire: always; x: gifts.count(30d) > 5 and gifts.count <= 5"}, "never_holds", "stages.x"),
    ({"stages": "acquire: always; x: orders.days >= 2; y: orders.days >= 1"}, "shadowed", "stages.x"),
    ({"stages": "acquire: always; x: chat.count >= 0"}, "shadowed", "stages.acquire"),
    ({"health": "x: since(orders) > 30d; y: since(orders) > 45d; active: always"}, "shadowed", "health.y"),
    (
        {"health": "x: since(orders) > 30d; y: never(orders); z: since(orders) <= 30d; active: always"},
        "shadowed",
        "health.active",
    ),
    ({"health": "x: stage = buy and never(orders); active: always"}, "never_holds", "health.x"),
    ({"segments": "x: orders.days(7d) >= 8"}, "never_holds", "segments.x"),
    ({"segments": "x: stage = talk and orders.days >= 1"}, "never_holds", "segments.x"),
    ({"segments": "x: orders.days >= 0"}, "everybody", "segments.x"),
    ({"segments": "x: vip or orders.days(7d) >= 8"}, "part_never_holds", "segments.x"),
    ({"segments": "x: vip and chat.count >= 0"}, "part_always_holds", "segments.x"),
    ({"classes": "x: {refuse_if: vip or not vip}"}, "refuses_all", "guards.classes.x.refuse_if"),
    (
        {"segments": "x: not always", "rules": "r: {when: {enters: x}, do: [{message: a}]}"},
        "never_entered",
        "rules.r.when",
    ),
    ({"rules": "r: {when: {enters: buy, from: [lost]}, do: [{message: a}]}"}, "not_from", "rules.r.when.from"),
    ({"rules": "r: {when: {enters: buy, from: [buy]}, do: [{message: a}]}"}, "not_from", "rules.r.when.from"),
    ({"rules": "r: {when: {enters: chatty, from: [buy]}, do: [{message: a}]}"}, "not_from", "rules.r.when.from"),
    (
        {"rules": "r: {when: {event: order.paid}, if: hour in 9..12 and hour = 20, do: [{message: a}]}"},
        "never_holds",
        "rules.r.if",
    ),
    (
        {"rules": "r: {when: {event: member.registered}, if: never(joined), do: [{message: a}]}"},
        "never_then",
        "rules.r.if",
    ),
    ({"rules": "r: {when: {enters: buy}, if: never(orders), do: [{message: a}]}"}, "never_then", "rules.r.if"),
    ({"rules": "r: {when: {held: talk, for: 2d}, if: stage = buy, do: [{message: a}]}"}, "never_then", "rules.r.if"),
    ({"rules": "r: {when: {leaves: chatty}, if: in(chatty), do: [{message: a}]}"}, "never_then", "rules.r.if"),
    (
        {"rules": "r: {when: {event: order.paid}, if: consent(promo) = no, class: promo, do: [{message: a}]}"},
        "always_refused",
        "rules.r.if",
    ),
    (
        {"classes": "x: {refuse_if: in(chatty)}", "rules": "r: {when: {enters: chatty}, class: x, do: [{message: a}]}"},
        "always_refused",
        "rules.r.if",
    ),
    (
        {
            "rules": "r: {when: {event: order.paid}, if: vip or level_never, do: [{message: a}]}".replace(
                "level_never", "hour in 1..2 and hour = 3"
            )
        },
        "part_never_holds",
        "rules.r.if",
    ),
]


@pytest.mark.parametrize(
    ("parts", "code", "path"), UNREACHABLE, ids=[f"{code} {path}" for _, code, path in UNREACHABLE]
)
def test_what_nobody_comes_to_is_told(parts: dict[str, str], code: str, path: str) -> None:
    assert (code, path) in told_of(small(**parts))


REACHABLE = [
    {"metrics": """some: {event: chat.message_counted, where: 'channel = "a" or channel = "b"'}"""},
    {"stages": "acquire: always; x: chat.count > 3 and chat.count < 5"},
    {"stages": "acquire: always; x: orders.days >= 1; y: orders.days >= 2"},
    {"health": "x: since(orders) > 45d; y: since(orders) > 30d; active: always"},
    {"health": "x: since(orders) > 30d; y: never(orders); active: always"},
    {"segments": "x: orders.days(7d) >= 7; y: stage = talk and chat.days > 3; z: vip or orders.days(7d) = 7"},
    {"classes": "x: {refuse_if: vip}"},
    {"rules": "r: {when: {enters: buy, from: [talk]}, if: orders.days = 1, do: [{message: a}]}"},
    {"rules": "r: {when: {event: member.registered}, if: never(orders), do: [{message: a}]}"},
    {"rules": "r: {when: {event: order.confirmed}, if: never(orders), do: [{message: a}]}"},  # voided before it is read
    {"rules": "r: {when: {enters: buy, settle: 2d}, still: false, if: never(orders), do: [{message: a}]}"},
    {"rules": "r: {when: {leaves: chatty, settle: 1d}, still: false, if: in(chatty), do: [{message: a}]}"},
    {"rules": "r: {when: {event: order.paid}, if: consent(promo), class: promo, do: [{message: a}]}"},
]
CODES = {code for _, code, _ in UNREACHABLE}


@pytest.mark.parametrize("parts", REACHABLE, ids=range(len(REACHABLE)))
def test_what_somebody_may_come_to_is_left_alone(parts: dict[str, str]) -> None:
    assert not {code for code, _ in told_of(small(**parts))} & CODES


def test_what_goes_before_is_named() -> None:
    shadowed = small(health="x: since(orders) > 30d; z: since(chat) > 2d; y: since(orders) > 45d; active: always")
    assert messages_of(shadowed, "shadowed") == [
        "nobody is ever in y: who fulfils it also fulfils x, which goes before it"
    ]


def test_a_part_is_repeated_in_short() -> None:
    long = " and ".join(f"chat.count({n}d) > {n}" for n in range(2, 9))
    (told,) = messages_of(small(segments=f"x: vip or {long} and chat.count < 1"), "part_never_holds")
    assert len(told) < 170


NOBODY = {"never_holds", "shadowed", "never_entered", "never_then", "always_refused"}


def check_nobody_comes(policy: Policy, happened: list[tuple[int, str]], arrive: Callable[..., Arrival]) -> None:
    arrivals = [
        arrive(name, START + timedelta(minutes=minutes), number=number)
        for number, (minutes, name) in enumerate(happened)
    ]
    life = lived(policy, arrivals, until=START + timedelta(days=90))
    told = [each.path.split(".") for each in unreachable(policy, world_of(policy)) if each.text.code in NOBODY]
    values = {name for part, name, *_ in told if part in {"stages", "health", "segments"}}
    assert not values & {transition.current for transition in life.transitions}
    assert not {name for part, name, *_ in told if part == "rules"} & {decision.rule for _, decision in life.acted}


@settings(max_examples=20, deadline=None)
@given(policy=ruled(), happened=moments)
def test_nobody_ever_comes_to_what_is_told(
    policy: Policy, happened: list[tuple[int, str]], arrive: Callable[..., Arrival]
) -> None:
    check_nobody_comes(policy, happened, arrive)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(policy=ruled(), happened=moments)
def test_nobody_ever_comes_to_what_is_told_of_many_policies(
    policy: Policy, happened: list[tuple[int, str]], arrive: Callable[..., Arrival]
) -> None:
    check_nobody_comes(policy, happened, arrive)
