"""The next flip of a condition in closed form, against looking at every day."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.calendars.domain import Span
from lifecycle.explanations.domain import explain
from lifecycle.expressions.domain import Aged, And, Clamp, Compare, Condition, Count, Days, Never, Not, Or, Pace, Since
from lifecycle.facts.domain import Facts
from lifecycle.outlooks.domain import NEVER, outlook
from lifecycle.tallies.domain import Tally, gathered

HORIZON = 300
COMPOSED = (And, Or, Not)


def flips(condition: Condition, facts: Facts, day: int, numbers: dict[str, int]) -> int | None:
    """The first day after `day` on which the plain reading differs, by looking at each."""
    truth = explain(condition, facts, day, numbers).truth
    later = range(day + 1, day + HORIZON)
    return next((then for then in later if explain(condition, facts, then, numbers).truth != truth), None)


def check_outlook(condition: Condition, facts: Facts, day: int, numbers: dict[str, int]) -> None:
    truth, until = outlook(condition, numbers)(facts, day)
    assert truth == explain(condition, facts, day, numbers).truth
    flip = flips(condition, facts, day, numbers)
    assert until > day
    if isinstance(condition, COMPOSED):
        assert flip is None or until <= flip
    else:
        assert until == flip if flip is not None else until >= day + HORIZON


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_an_atom_tells_its_next_flip_and_a_tree_is_never_late(
    data: st.DataObject,
    some_facts: st.SearchStrategy[Facts],
    some_conditions: st.SearchStrategy[Condition],
    numbers: dict[str, int],
) -> None:
    facts, condition = data.draw(some_facts), data.draw(some_conditions)
    day = max((tally.day for tally in facts.values()), default=20_000) + data.draw(st.integers(-20, 90))
    check_outlook(condition, facts, day, numbers)


@pytest.mark.slow
@settings(max_examples=3_000, deadline=None)
@given(data=st.data())
def test_many_atoms_tell_their_next_flip(
    data: st.DataObject,
    some_facts: st.SearchStrategy[Facts],
    some_conditions: st.SearchStrategy[Condition],
    numbers: dict[str, int],
) -> None:
    facts, condition = data.draw(some_facts), data.draw(some_conditions)
    day = max((tally.day for tally in facts.values()), default=20_000) + data.draw(st.integers(-20, 90))
    check_outlook(condition, facts, day, numbers)


ORDERS = Since(("orders",))


@pytest.mark.parametrize(
    ("condition", "days", "expected"),
    [
        (Aged(ORDERS, ">", Span(7)), [100], (False, 108)),
        (Aged(ORDERS, ">=", Span(7)), [100], (False, 107)),
        (Aged(ORDERS, "<", Span(7)), [100], (True, 107)),
        (Aged(ORDERS, "<=", Span(1, "w")), [100], (True, 108)),
        (Aged(ORDERS, ">", Pace("orders")), [91, 96, 100], (False, 105)),  # 4.5 days
        (Aged(ORDERS, ">", Pace("orders", 2)), [91, 96, 100], (False, 110)),  # 9 days
        (Aged(ORDERS, ">=", Pace("orders", 2)), [91, 96, 100], (False, 109)),
        (Aged(ORDERS, ">", Clamp(Pace("orders", 2), Span(14), Span(30))), [99, 100], (False, 115)),
        (Aged(ORDERS, ">", Clamp(Pace("orders", 2), Span(14), Span(30))), [50, 100], (False, 131)),
        (Aged(ORDERS, ">", Clamp(Pace("orders", 2), Span(14), Span(30))), [100], (False, NEVER)),  # absent
        (Aged(ORDERS, ">", Span(7)), [], (False, NEVER)),
        (Not(Aged(ORDERS, ">", Span(7))), [], (True, NEVER)),
        (Compare(Count("orders", Span(7)), ">=", 2), [95, 100], (True, 102)),
        (Compare(Days("orders", Span(7)), "==", 1), [95, 100], (False, 102)),
        (Compare(Count("orders"), ">=", 2), [95, 100], (True, NEVER)),
        (And((Never(("orders",)), Aged(Since(("chat",)), ">", Span(7)))), [100], (False, NEVER)),
    ],
)
def test_outlooks(condition: Condition, days: list[int], expected: tuple[bool, int], numbers: dict[str, int]) -> None:
    tally = gathered((day, 1, 0) for day in days)
    facts: Facts = {} if tally is None else {numbers["orders"]: tally}
    assert outlook(condition, numbers)(facts, 100) == expected


def test_both_must_have_flipped_before_a_false_and_can_be_true(numbers: dict[str, int]) -> None:
    facts: Facts = {numbers["chat"]: Tally(99, 1, 0), numbers["orders"]: Tally(95, 1, 0)}
    both = And((Aged(ORDERS, ">", Span(7)), Aged(Since(("chat",)), ">", Span(7))))
    assert outlook(both, numbers)(facts, 100) == (False, 107)
    assert outlook(Or(both.conditions), numbers)(facts, 100) == (False, 103)
