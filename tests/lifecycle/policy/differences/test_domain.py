"""Two policies have no differences exactly if they are equal, and each difference is told where they differ."""

import re
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.lifecycle_conditions import policies
from factories.policies import DEFAULT_POLICY
from factories.whole_policies import EDITS, WHOLE, edited
from lifecycle.policy.differences.domain import Difference, differences
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.sources.domain import Metric


def paths(before: Policy, after: Policy) -> set[str]:
    return {each.path for each in differences(before, after)}


@given(before=policies(), after=policies())
def test_no_differences_mean_equal_policies(before: Policy, after: Policy) -> None:
    assert differences(before, before) == ()
    assert (differences(before, after) == ()) == (before == after)


@given(one=edited(), other=edited())
def test_edited_policies_differ_if_and_only_if_they_have_differences(
    one: tuple[Policy, frozenset[str]], other: tuple[Policy, frozenset[str]]
) -> None:
    assert (differences(one[0], other[0]) == ()) == (one[0] == other[0])


@given(after=edited(most=len(EDITS)))
def test_what_was_edited_is_what_differs(after: tuple[Policy, frozenset[str]]) -> None:
    policy, expected = after
    assert paths(WHOLE, policy) == paths(policy, WHOLE) == expected


@given(data=st.data(), part=st.sampled_from(["metrics", "attributes", "health", "segments", "rules"]))
def test_another_order_alone_is_told(data: st.DataObject, part: str) -> None:
    parts = getattr(WHOLE, part)
    movable = len(parts) - (part == "health")
    order = data.draw(st.permutations(parts[:movable]))
    moved = msgspec.structs.replace(WHOLE, **{part: (*order, *parts[movable:])})
    found = differences(WHOLE, moved)
    assert [(each.kind, each.path) for each in found] == ([] if moved == WHOLE else [("reordered", part)])
    assert all(("decides" in each.told("en")) == (part == "health") for each in found)


@given(after=edited(most=len(EDITS)))
def test_each_is_told_in_both_languages_with_what_was_written(after: tuple[Policy, frozenset[str]]) -> None:
    for each in differences(WHOLE, after[0]):
        assert (each.before is None) == (each.kind == "added")
        assert (each.after is None) == (each.kind == "removed")
        assert each.told("en").startswith(f"{each.path}: ")
        assert re.search(r"[\u4e00-\u9fff]", each.told("zh"))


def test_the_order_of_caps_is_told() -> None:
    caps = WHOLE.guards.caps[::-1]
    turned = msgspec.structs.replace(WHOLE, guards=msgspec.structs.replace(WHOLE.guards, caps=caps))
    assert [each.told("en") for each in differences(WHOLE, turned)] == [
        "guards.caps: written in another order, which changes nothing else"
    ]


def only(before: Policy, after: Policy) -> Difference:
    (found,) = differences(before, after)
    return found


def _renamed(policy: Policy) -> Policy:
    stages = (*policy.stages[:1], Value("bought", policy.stages[1].condition), *policy.stages[2:])
    return msgspec.structs.replace(policy, stages=stages)


def test_a_new_name_is_a_new_stage_and_that_is_said() -> None:
    before = msgspec.structs.replace(DEFAULT_POLICY, rules=())
    gone, new = differences(before, _renamed(before))
    assert (gone.kind, gone.path, new.kind, new.path) == ("removed", "stages.activate", "added", "stages.bought")
    assert "New beside it: bought. Whether that is a new name for the same cannot be known" in gone.told("en")
    assert "無法得知是否只是改名" in gone.told("zh")


MEANT: list[tuple[Callable[[Policy], Policy], str]] = [
    (
        lambda policy: msgspec.structs.replace(
            policy, metrics=(*policy.metrics, Metric(name="paid", number=99, events=("order.paid",)))
        ),
        "metrics.paid: a new metric, back-filled from history before the policy takes effect: {event: [order.paid]}",
    ),
    (EDITS["metrics.places"][0], "metrics.places: the metric is gone, and its space is freed: "),
    (EDITS["metrics.joined"][1], "metrics.joined: kept under another permanent number, 77 instead of 1: back-filled"),
    (EDITS["stages.convert"][0], "stages.convert: orders.count(all) >= 1 → orders.count(all) >= 2; who moves by that"),
    (EDITS["rules.more"][0], "rules.more: a new rule, for new occasions only; members who are there already enter by"),
    (
        lambda policy: msgspec.structs.replace(policy, rules=policy.rules[1:]),
        "rules.welcome: the rule is gone, and what waits for it is cancelled: {when: {event: member.registered}, do: ",
    ),
    (EDITS["rules.order.holdout"][0], "rules.order.holdout: 12.5% → 0% held out; the smaller share is part of"),
    (
        EDITS["guards.holdout"][1],
        'guards.holdout: {salt: "global 2026: q4", share: 5%} → {salt: next, share: 5%}: another',
    ),
    (
        EDITS["calendar.tz"][0],
        "calendar.tz: business days are those of Africa/Cairo instead of Asia/Shanghai: every",
    ),
    (EDITS["calendar.holidays"][1], "calendar.holidays: 1 holidays more, 1 fewer"),
    (EDITS["policy"][0], "policy: the policy is called half instead of whole; nothing else"),
]


@pytest.mark.parametrize(("edit", "told"), MEANT, ids=[told.partition(":")[0] for _, told in MEANT])
def test_what_a_difference_means_is_said(edit: Callable[[Policy], Policy], told: str) -> None:
    assert only(WHOLE, edit(WHOLE)).told("en").startswith(told)
