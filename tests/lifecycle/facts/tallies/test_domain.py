"""A tally against the plain thing it stands for: a dictionary of days."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.facts.tallies.domain import Cell, Tally, added, cells, gathered, merged

LAW = settings(max_examples=300, deadline=None)

days = st.integers(20_000, 20_060) | st.integers(-1, 24_000)
parts = st.lists(st.tuples(days, st.integers(-2, 3), st.integers(-400, 70_000)), max_size=25)


def tallied(history: list[Cell]) -> Tally | None:
    tally = None
    for day, count, amount in history:
        tally = added(tally, day, count, amount)
    return tally


def plain(history: list[Cell]) -> dict[int, tuple[int, int]]:
    counts: Counter[int] = Counter()
    amounts: Counter[int] = Counter()
    for day, count, amount in history:
        counts[day] += count
        amounts[day] += amount
    return {day: (counts[day], amounts[day]) for day in counts if counts[day] or amounts[day]}


@LAW
@given(history=parts)
def test_a_tally_holds_what_a_dictionary_of_days_holds(history: list[Cell]) -> None:
    tally, expected = tallied(history), plain(history)
    if tally is None:
        assert not expected
        return
    assert [*cells(tally)] == [(day, *expected[day]) for day in sorted(expected, reverse=True)]
    kept = [day for day, (count, _) in expected.items() if count > 0]
    assert tally.total_count == sum(count for count, _ in expected.values())
    assert tally.total_amount == sum(amount for _, amount in expected.values())
    assert tally.days == len(kept)
    assert (tally.first, tally.last) == (min(kept, default=None), max(kept, default=None))


@LAW
@given(history=parts, order=st.randoms(use_true_random=False))
def test_the_order_leaves_no_trace(history: list[Cell], order: random.Random) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)
    assert tallied(history) == tallied(shuffled) == gathered(history)


@LAW
@given(one=parts, other=parts)
def test_merging_tallies_is_tallying_both(one: list[Cell], other: list[Cell]) -> None:
    first, second = tallied(one), tallied(other)
    if first is not None and second is not None:
        assert merged(first, second) == merged(second, first) == tallied(one + other)


def test_what_is_taken_back_leaves_nothing() -> None:
    assert tallied([(20_000, 1, 500), (20_000, -1, -500)]) is None
    assert tallied([(20_000, -1, -500), (20_000, 1, 500)]) is None
    assert tallied([(20_000, 1, 500), (20_003, 1, 700), (20_003, -1, -700)]) == tallied([(20_000, 1, 500)])


def test_a_retraction_that_comes_first_is_no_day() -> None:
    tally = tallied([(20_000, -1, -500)])
    assert tally is not None
    assert (tally.total_count, tally.days, tally.first, tally.last) == (-1, 0, None, None)
