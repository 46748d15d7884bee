"""What conditions read of facts, against the plain days that they stand for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendars.domain import EPOCH, Span, back
from lifecycle.conditions.expressions.domain import Count, Days, Distinct, Pace, Streak, Sum
from lifecycle.facts.distincts.domain import digest
from lifecycle.facts.domain import Facts
from lifecycle.facts.measures.domain import Windowed, changes, last_of, pace_of, streak_of, timeless, weight_of
from lifecycle.facts.tallies.domain import Cell, Tally, cells, gathered

DAY = date(2026, 3, 30).toordinal() - EPOCH
ORDERS, CHAT = 1, 2
NUMBERS = {"orders": ORDERS, "chat": CHAT}
WINDOWED: list[Windowed] = [Count, Sum, Days]
parts = st.lists(st.tuples(st.integers(DAY - 130, DAY), st.integers(-1, 3), st.integers(-50, 500)), max_size=12)
spans = (
    st.builds(Span, st.integers(1, 60))
    | st.builds(Span, st.integers(1, 8), st.just("w"))
    | st.builds(Span, st.integers(1, 4), st.just("mo"))
)


def facts_of(history: list[Cell]) -> tuple[Facts, list[Cell]]:
    tally = gathered(history)
    return ({} if tally is None else {ORDERS: tally}), ([] if tally is None else [*cells(tally)])


@pytest.mark.parametrize("measure", WINDOWED)
@given(history=parts, window=spans, day=st.integers(DAY - 20, DAY + 140))
def test_what_each_day_adds_and_takes_back_comes_to_the_window(
    measure: Windowed, history: list[Cell], window: Span, day: int
) -> None:
    facts, kept = facts_of(history)
    tally = facts.get(ORDERS)
    found = changes(tally, measure, window, day) if isinstance(tally, Tally) else iter(())
    moved = sum(difference for first, difference in found if first <= day)
    assert moved == sum(weight_of(cell, measure) for cell in kept if back(day, window) < cell[0] <= day)


@given(history=parts)
def test_of_all_time_it_is_the_sum_over_all_days(history: list[Cell]) -> None:
    facts, kept = facts_of(history)
    assert timeless(Count("orders", None), NUMBERS)(facts) == sum(count for _, count, _ in kept)
    assert timeless(Sum("orders", None), NUMBERS)(facts) == sum(amount for *_, amount in kept)
    assert timeless(Days("orders", None), NUMBERS)(facts) == sum(count > 0 for _, count, _ in kept)


@given(history=parts, others=parts)
def test_days_with_an_event_are_those_that_keep_one(history: list[Cell], others: list[Cell]) -> None:
    """Of a day whose events were all taken back there is no last, no pace and no streak."""
    facts, kept = facts_of(history)
    days = sorted(day for day, count, _ in kept if count > 0)
    assert last_of(facts, (ORDERS,)) == max(days, default=None)
    other = gathered(others)
    both: Facts = facts if other is None else {**facts, CHAT: other}
    latest = [last_of(both, (ORDERS,)), last_of(both, (CHAT,))]
    assert last_of(both, (ORDERS, CHAT)) == max((day for day in latest if day is not None), default=None)

    assert pace_of(facts, ORDERS) == ((days[-1] - days[0], len(days) - 1) if len(days) > 1 else None)
    mean = timeless(Pace("orders", 2), NUMBERS)(facts)
    assert mean == (2 * (days[-1] - days[0]) / (len(days) - 1) if len(days) > 1 else None)

    in_a_row = 0
    while days and days[-1] - in_a_row in days:
        in_a_row += 1
    tally = facts.get(ORDERS)
    assert streak_of(tally if isinstance(tally, Tally) else None) == in_a_row
    assert timeless(Streak("orders"), NUMBERS)(facts) == in_a_row


def test_of_whom_nothing_is_known_everything_is_none_or_nothing() -> None:
    assert last_of({}, (ORDERS, CHAT)) is None
    assert pace_of({}, ORDERS) is None
    assert [
        timeless(measure, NUMBERS)({}) for measure in (Distinct("orders"), Streak("orders"), Pace("orders", 1))
    ] == [
        0,
        0,
        None,
    ]
    assert timeless(Distinct("orders"), NUMBERS)({-ORDERS: digest("a")}) == 1
