"""Sets of whole numbers as ranges behave as sets do."""

from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.conditions.expressions.domain import Comparison
from lifecycle.conditions.ranges.domain import (
    ANYTHING,
    NEGATED,
    NOTHING,
    Ranges,
    coded,
    common,
    compared,
    joined,
    others,
    points,
)
from lifecycle.facts.measures.domain import COMPARE

NUMBERS = range(-12, 13)
some_numbers = st.lists(st.integers(-9, 9), max_size=6)
some_ranges = st.one_of(
    some_numbers.map(points),
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=4).map(joined),
    st.builds(compared, st.sampled_from(get_args(Comparison)), st.integers(-9, 9)),
    st.sampled_from([ANYTHING, NOTHING]),
)


def members(ranges: Ranges) -> set[int]:
    return {number for number in NUMBERS if any(low <= number <= high for low, high in ranges)}


@given(one=some_ranges, other=some_ranges)
def test_sets_are_cut_and_turned(one: Ranges, other: Ranges) -> None:
    assert members(common(one, other)) == members(one) & members(other)
    assert members(others(one)) == {*NUMBERS} - members(one)
    assert others(others(one)) == one


@given(ranges=some_ranges)
def test_equal_sets_are_equal_values(ranges: Ranges) -> None:
    assert ranges == joined(ranges) == common(ranges, ANYTHING)
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(ranges))


@given(op=st.sampled_from(get_args(Comparison)), low=st.integers(-9, 9), more=st.integers(0, 3))
def test_a_comparison_with_a_bound_that_may_vary_holds_where_it_may(op: Comparison, low: int, more: int) -> None:
    bounds = range(low, low + more + 1)
    assert members(compared(op, low, low + more)) == {
        number for number in NUMBERS if any(COMPARE[op](number, bound) for bound in bounds)
    }
    assert members(compared(NEGATED[op], low)) == {*NUMBERS} - members(compared(op, low))


@given(one=st.text(max_size=5), other=st.text(max_size=5))
def test_texts_have_numbers_of_their_own(one: str, other: str) -> None:
    assert (coded(one) == coded(other)) == (one == other)
    assert [coded(value) for value in (True, False, 7)] == [1, 0, 7]
