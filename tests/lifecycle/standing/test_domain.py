"""Law 2: the next change is the first day on which standing differs, found by looking at every day. In three zones."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.default_policy import DEFAULT_POLICY
from lifecycle.engine.domain import Engine, compiled
from lifecycle.explanations.domain import explain
from lifecycle.expressions.domain import Always, Condition
from lifecycle.facts.domain import Facts
from lifecycle.policy.domain import Metric, Value
from lifecycle.standing.domain import Standing, next_change_at, standing

HORIZON = 250
ZONES = ["Asia/Shanghai", "America/New_York", "Africa/Cairo"]  # Cairo skips a midnight in April
METRICS = tuple(metric for metric in DEFAULT_POLICY.metrics if metric.name in {"orders", "engaged", "joined"})
SUMMED = Metric(name="chat", number=3, events=("chat.message_counted",), sums="messages")


def engine_of(data: st.DataObject, some_conditions: st.SearchStrategy[Condition]) -> Engine:
    metrics = tuple(msgspec.structs.replace(each, sums=None, retraction=None) for each in METRICS)
    conditions = data.draw(st.lists(some_conditions.filter(_sums_chat_only), min_size=4, max_size=4))
    values = [Value(name, condition) for name, condition in zip("abcd", conditions, strict=True)]
    policy = msgspec.structs.replace(
        DEFAULT_POLICY,
        tz=data.draw(st.sampled_from(ZONES)),
        metrics=(*metrics, SUMMED),
        stages=(Value("first", Always()), *values[:2]),
        health=(*values[2:], Value("last", Always())),
        rules=(),
    )
    return compiled(policy)


def _sums_chat_only(condition: Condition) -> bool:
    return all(f"{name}.sum" not in str(condition) for name in ("orders", "engaged", "joined"))


def plain(engine: Engine, facts: Facts, day: int) -> Standing:
    """By the definition: the last stage that holds, the first health that holds."""
    policy = engine.policy
    holding = {
        value.name
        for value in policy.stages + policy.health
        if explain(value.condition, facts, day, engine.numbers).truth
    }
    return {
        "stage": [value.name for value in policy.stages if value.name in holding][-1],
        "health": next(value.name for value in policy.health if value.name in holding),
    }


def check_next_change(engine: Engine, facts: Facts, day: int, seconds: int) -> None:
    calendar = engine.calendar
    at = calendar.start_of(day) + timedelta(seconds=seconds)
    day = calendar.day_of(at)
    now = plain(engine, facts, day)
    assert standing(engine, facts, at) == now
    flip = next((then for then in range(day + 1, day + HORIZON) if plain(engine, facts, then) != now), None)
    change = next_change_at(engine, facts, at)
    if flip is None:
        assert change is None or calendar.day_of(change) >= day + HORIZON
    else:
        assert change == calendar.start_of(flip)
        assert standing(engine, facts, change - timedelta(microseconds=1)) == now != standing(engine, facts, change)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_next_change_is_the_first_day_that_differs(
    data: st.DataObject, some_facts: st.SearchStrategy[Facts], some_conditions: st.SearchStrategy[Condition]
) -> None:
    engine, facts = engine_of(data, some_conditions), data.draw(some_facts)
    day = max((tally.day for tally in facts.values()), default=20_000) + data.draw(st.integers(0, 60))
    check_next_change(engine, facts, day, data.draw(st.integers(0, 86_399)))


@pytest.mark.slow
@settings(max_examples=1_500, deadline=None)
@given(data=st.data())
def test_the_next_change_in_many_policies(
    data: st.DataObject, some_facts: st.SearchStrategy[Facts], some_conditions: st.SearchStrategy[Condition]
) -> None:
    engine, facts = engine_of(data, some_conditions), data.draw(some_facts)
    day = max((tally.day for tally in facts.values()), default=20_000) + data.draw(st.integers(0, 60))
    check_next_change(engine, facts, day, data.draw(st.integers(0, 86_399)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_next_change_by_the_default_policy(data: st.DataObject, some_facts: st.SearchStrategy[Facts]) -> None:
    facts = data.draw(some_facts)
    day = max((tally.day for tally in facts.values()), default=20_000) + data.draw(st.integers(0, 60))
    check_next_change(compiled(DEFAULT_POLICY), facts, day, data.draw(st.integers(0, 86_399)))


def test_who_did_nothing_stands_as_they_came_and_never_changes() -> None:
    engine = compiled(DEFAULT_POLICY)
    at = engine.calendar.start_of(20_000)
    assert standing(engine, {}, at) == {"stage": "acquire", "health": "active"}
    assert next_change_at(engine, {}, at) is None


def test_engines_of_equal_policies_know_the_zone() -> None:
    assert compiled(DEFAULT_POLICY).calendar.zone == ZoneInfo("Asia/Shanghai")
