"""Whatever an atom comes to for a member, one of its alternatives says so; and whoever is in a value fulfils what it brings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from factories.small_policies import small
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    Aged,
    Always,
    Compare,
    Comparison,
    Condition,
    Count,
    Days,
    In,
    Measure,
    Never,
    Not,
    Order,
    Pace,
    Since,
    Stands,
)
from lifecycle.inspections.demands.domain import Alternative, alternatives, in_value
from lifecycle.inspections.possibilities.domain import Key, Possible
from lifecycle.inspections.worlds.domain import world_of

WORLD = world_of(small(stages="acquire: always; talk: chat.count >= 1; buy: orders.days >= 1"))
NUMBERS = st.integers(-3, 40)
COMPARISONS: list[Comparison] = [">", ">=", "<", "<=", "==", "!="]


def allows(possible: Possible, value: float | None) -> bool:
    return possible.absent if value is None else any(low <= value <= high for low, high in possible.numbers)


def fulfilled(found: tuple[Alternative, ...], values: dict[Key, float | None]) -> bool:
    return any(all(allows(wanted, values[key]) for key, wanted in each.demands) for each in found)


def compare(op: Comparison, left: float, right: float) -> bool:
    return {
        ">": left > right,
        ">=": left >= right,
        "<": left < right,
        "<=": left <= right,
        "==": left == right,
        "!=": left != right,
    }[op]


@pytest.mark.parametrize("measure", [Count("chat", Span(7)), Days("orders")])
@given(op=st.sampled_from(COMPARISONS), value=NUMBERS, right=NUMBERS)
def test_a_number_is_as_it_is_compared_and_not_otherwise(
    measure: Measure, op: Comparison, value: int, right: int
) -> None:
    holds = compare(op, value, right)
    atom = Compare(measure, op, right)
    assert fulfilled(alternatives(WORLD, atom, holds=holds), {measure: value})
    assert not fulfilled(alternatives(WORLD, atom, holds=not holds), {measure: value})


@given(op=st.sampled_from(COMPARISONS), days=st.integers(0, 60), gaps=st.integers(0, 9), right=NUMBERS)
def test_a_pace_is_a_fraction_and_absent_before_the_second_day(
    op: Comparison, days: int, gaps: int, right: int
) -> None:
    """It is coded by doubling: what lies between two whole numbers is the odd one between their doubles."""
    pace = Pace("orders", 2)
    mean = 2 * days / gaps if gaps else None
    coded = None if mean is None else 2 * mean if mean == int(mean) else 2 * int(mean) + 1
    holds = mean is not None and compare(op, mean, right)
    values: dict[Key, float | None] = {pace: coded, Days("orders"): gaps + 1}
    found = alternatives(WORLD, Compare(pace, op, right), holds=holds)
    assert fulfilled(found, values)


orders: list[Order] = [">", ">=", "<", "<="]


@given(
    op=st.sampled_from(orders),
    ages=st.tuples(st.none() | NUMBERS.map(abs), st.none() | NUMBERS.map(abs)),
    length=st.integers(1, 40),
)
def test_the_age_of_several_is_that_of_the_youngest(
    op: Order, ages: tuple[int | None, int | None], length: int
) -> None:
    known = [age for age in ages if age is not None]
    holds = bool(known) and compare(op, min(known), length)
    values: dict[Key, float | None] = {Since(("chat",)): ages[0], Since(("orders",)): ages[1]}
    atom = Aged(Since(("chat", "orders")), op, Span(length))
    assert fulfilled(alternatives(WORLD, atom, holds=holds), values)
    assert not fulfilled(alternatives(WORLD, atom, holds=not holds), values)
    never = Never(("chat", "orders"))
    days: dict[Key, float | None] = {Days("chat"): len(known[:1]), Days("orders"): len(known[:1])}
    assert fulfilled(alternatives(WORLD, never, holds=not known), values | days)


def test_what_stands_for_a_condition_brings_it_along() -> None:
    buys, talks = (value.condition for value in WORLD.dimensions["stage"].values[:0:-1])
    assert in_value(WORLD, "talk") == ((talks, True), (buys, False))
    assert in_value(WORLD, "buy") == ((buys, True),)
    assert in_value(WORLD, "chatty") == ((WORLD.segments["chatty"], True),)
    assert in_value(WORLD, "nowhere") == ((Not(Always()), True),), "nobody is in what there is not"
    [inside] = alternatives(WORLD, In("chatty"), holds=True)
    assert inside.wanted == in_value(WORLD, "chatty")
    [talking] = alternatives(WORLD, Stands("stage", ("talk",)), holds=True)
    assert talking.wanted == in_value(WORLD, "talk")
    assert len(alternatives(WORLD, Stands("stage", ("talk",)), holds=False)) == 2


def test_always_is_and_never_is_not() -> None:
    atom: Condition = Always()
    assert alternatives(world_of(SMALL_POLICY), atom, holds=True) == (Alternative(),)
    assert alternatives(world_of(SMALL_POLICY), atom, holds=False) == ()
