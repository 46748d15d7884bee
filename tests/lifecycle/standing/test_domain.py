"""Law 2: the next change is the first day on which standing differs, found by looking at every day. In three zones."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from factories.lifecycle_conditions import TODAY, policies, situation, some_facts
from factories.policies import SMALL_POLICY, SMALL_TEXT, policy_of
from lifecycle.conditions.expressions.domain import And, Condition, In, Not, Or, Stands
from lifecycle.engine.domain import Engine, compiled
from lifecycle.engine.explanations.domain import explain
from lifecycle.facts.domain import Facts
from lifecycle.policy.domain import Policy
from lifecycle.standing.domain import Standing, next_change_at, standing

HORIZON = 250


def substituted(policy: Policy, condition: Condition) -> Condition:
    """The condition with definitions in place of names: nothing is asked but facts."""

    def among(dimension: str, wanted: tuple[str, ...]) -> Condition:
        """A value is had where it holds and none that goes before it does."""
        values = policy.stages[::-1] if dimension == "stage" else policy.health
        parts = [substituted(policy, value.condition) for value in values]
        return Or(
            tuple(
                And((part, *map(Not, parts[:index])))
                for index, (value, part) in enumerate(zip(values, parts, strict=True))
                if value.name in wanted
            )
        )

    match condition:
        case Stands(dimension, wanted):
            return among(dimension, wanted)
        case In(name):
            return substituted(policy, next(each.condition for each in policy.segments if each.name == name))
        case And(conditions) | Or(conditions):
            return type(condition)(tuple(substituted(policy, child) for child in conditions))
        case Not(child):
            return Not(substituted(policy, child))
    return condition


Definitions = dict[str, Condition]


def definitions(policy: Policy) -> Definitions:
    values = (*policy.stages, *policy.health, *policy.segments)
    return {value.name: substituted(policy, value.condition) for value in values}


def plain(engine: Engine, meaning: Definitions, facts: Facts, day: int) -> Standing:
    """By the definitions alone: the last stage that holds, the first health, every segment."""
    policy, asked = engine.policy, situation(facts, day, calendar=engine.calendar, numbers=engine.numbers)
    holding = {name for name, condition in meaning.items() if explain(condition, asked).truth}
    return {
        "stage": [value.name for value in policy.stages if value.name in holding][-1],
        "health": next(value.name for value in policy.health if value.name in holding),
        **{segment.name: segment.name for segment in policy.segments if segment.name in holding},
    }


def check_next_change(engine: Engine, facts: Facts, day: int, seconds: int) -> None:
    calendar, meaning = engine.calendar, definitions(engine.policy)
    at = calendar.start_of(day) + timedelta(seconds=seconds)
    day = calendar.day_of(at)
    now = plain(engine, meaning, facts, day)
    assert standing(engine, facts, at) == now
    asked = situation(facts, day, calendar=calendar, numbers=engine.numbers, standing=now)
    for value in (*engine.policy.stages, *engine.policy.health, *engine.policy.segments):
        assert explain(value.condition, asked).truth == explain(meaning[value.name], asked).truth
    flip = next((then for then in range(day + 1, day + HORIZON) if plain(engine, meaning, facts, then) != now), None)
    change = next_change_at(engine, facts, at)
    if flip is None:
        assert change is None or calendar.day_of(change) >= day + HORIZON
    else:
        assert change == calendar.start_of(flip)
        assert standing(engine, facts, change - timedelta(microseconds=1)) == now != standing(engine, facts, change)


days = st.integers(TODAY - 20, TODAY + 60)
seconds = st.integers(0, 86_399)


@settings(max_examples=40, deadline=None)
@given(policy=policies(), facts=some_facts(), day=days, second=seconds)
def test_the_next_change_is_the_first_day_that_differs(policy: Policy, facts: Facts, day: int, second: int) -> None:
    check_next_change(compiled(policy), facts, day, second)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(policy=policies(), facts=some_facts(), day=days, second=seconds)
def test_the_next_change_in_many_policies(policy: Policy, facts: Facts, day: int, second: int) -> None:
    check_next_change(compiled(policy), facts, day, second)


@settings(max_examples=60, deadline=None)
@given(facts=some_facts(), day=days, second=seconds)
def test_the_next_change_by_the_default_policy(facts: Facts, day: int, second: int) -> None:
    check_next_change(compiled(SMALL_POLICY), facts, day, second)


def test_the_law_notices_an_age_read_otherwise() -> None:
    """At risk after more than seven days: found for more than eight."""
    other = policy_of(SMALL_TEXT.replace("> 7d", "> 8d"))
    wrong = replace(compiled(other), policy=SMALL_POLICY)

    @settings(max_examples=300, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(facts=some_facts(), day=days, second=seconds)
    def law(facts: Facts, day: int, second: int) -> None:
        check_next_change(wrong, facts, day, second)

    with pytest.raises(AssertionError):
        law()


def test_who_did_nothing_stands_as_they_came_and_never_changes() -> None:
    engine = compiled(SMALL_POLICY)
    at = engine.calendar.start_of(20_000)
    assert standing(engine, {}, at) == {"stage": "acquire", "health": "active"}
    assert next_change_at(engine, {}, at) is None


def test_engines_of_equal_policies_know_the_zone() -> None:
    assert compiled(SMALL_POLICY).calendar.zone == ZoneInfo("Asia/Shanghai")
