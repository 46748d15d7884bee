"""The next flip of a condition in closed form, against looking at every day."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.lifecycle_conditions import NUMBERS, TODAY, rules_atoms, situation
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    RULES_ONLY,
    Aged,
    Among,
    And,
    Between,
    Clamp,
    Compare,
    Condition,
    Count,
    Days,
    In,
    Never,
    Not,
    Or,
    Pace,
    Since,
    Stands,
    Streak,
)
from lifecycle.engine.explanations.domain import explain
from lifecycle.engine.outlooks.domain import NEVER, outlook
from lifecycle.facts.domain import Facts
from lifecycle.facts.tallies.domain import Tally, gathered

HORIZON = 300
COMPOSED = (And, Or, Not)


def flips(condition: Condition, facts: Facts, day: int) -> int | None:
    """The first day after `day` on which the plain reading differs, by looking at each."""
    truth = explain(condition, situation(facts, day)).truth
    later = range(day + 1, day + HORIZON)
    return next((then for then in later if explain(condition, situation(facts, then)).truth != truth), None)


def check_outlook(condition: Condition, facts: Facts, day: int) -> None:
    truth, until = outlook(condition, NUMBERS)(facts, day, {})
    assert truth == explain(condition, situation(facts, day)).truth
    flip = flips(condition, facts, day)
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
) -> None:
    facts, condition = data.draw(some_facts), data.draw(some_conditions)
    day = TODAY + data.draw(st.integers(-20, 90))
    check_outlook(condition, facts, day)


@pytest.mark.slow
@settings(max_examples=3_000, deadline=None)
@given(data=st.data())
def test_many_atoms_tell_their_next_flip(
    data: st.DataObject,
    some_facts: st.SearchStrategy[Facts],
    some_conditions: st.SearchStrategy[Condition],
) -> None:
    facts, condition = data.draw(some_facts), data.draw(some_conditions)
    day = TODAY + data.draw(st.integers(-20, 90))
    check_outlook(condition, facts, day)


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
        (Among(Days("orders", Span(7)), (1, 3)), [95, 96, 100], (True, 102)),
        (Among(Days("orders", Span(7)), (2, 3)), [95, 96, 100], (True, 103)),
        (Between(Count("orders", Span(7)), 1, 2), [95, 96, 100], (False, 102)),
        (Between(Count("orders", Span(7)), 1, 2), [96, 100], (True, 107)),
        (Among(Pace("orders"), (4, 5)), [91, 96, 100], (False, NEVER)),  # 4.5 days
        (Between(Pace("orders"), 4, 5), [91, 96, 100], (True, NEVER)),
        (Compare(Streak("orders"), "==", 3), [90, 98, 99, 100], (True, NEVER)),
        (And((Never(("orders",)), Aged(Since(("chat",)), ">", Span(7)))), [100], (False, NEVER)),
    ],
)
def test_outlooks(condition: Condition, days: list[int], expected: tuple[bool, int]) -> None:
    tally = gathered((day, 1, 0) for day in days)
    facts: Facts = {} if tally is None else {NUMBERS["orders"]: tally}
    assert outlook(condition, NUMBERS)(facts, 100, {}) == expected


def test_both_must_have_flipped_before_a_false_and_can_be_true() -> None:
    facts: Facts = {NUMBERS["chat"]: Tally(99, 1, 0), NUMBERS["orders"]: Tally(95, 1, 0)}
    both = And((Aged(ORDERS, ">", Span(7)), Aged(Since(("chat",)), ">", Span(7))))
    assert outlook(both, NUMBERS)(facts, 100, {}) == (False, 107)
    assert outlook(Or(both.conditions), NUMBERS)(facts, 100, {}) == (False, 103)


@pytest.mark.parametrize("truth", [True, False])
def test_where_a_member_stands_is_taken_from_what_was_found(*, truth: bool) -> None:
    stood = {"stage": ("convert" if truth else "retain", 107), "loyal": ("loyal" if truth else None, 120)}
    assert outlook(Stands("stage", ("acquire", "convert")), NUMBERS)({}, 100, stood) == (truth, 107)
    assert outlook(In("loyal"), NUMBERS)({}, 100, stood) == (truth, 120)


@given(condition=rules_atoms().filter(lambda condition: isinstance(condition, RULES_ONLY)))
def test_what_has_no_bounded_next_change_is_refused(condition: Condition) -> None:
    with pytest.raises(TypeError, match="rules alone"):
        outlook(Not(condition), NUMBERS)
