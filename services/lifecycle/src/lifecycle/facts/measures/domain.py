"""What the leaves of a condition read from a member's facts."""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lifecycle.calendars.domain import Span, leaves
from lifecycle.conditions.expressions.domain import (
    Among,
    Between,
    Compare,
    Comparison,
    Count,
    Days,
    Distinct,
    Measure,
    Pace,
    Streak,
    Sum,
)
from lifecycle.facts.distincts.domain import size
from lifecycle.facts.domain import Facts, distinct_of, tally_of
from lifecycle.facts.tallies.domain import Cell, Tally, cells

Numbers = Mapping[str, int]
"""The places of metrics and attributes in facts, by name."""

Windowed = type[Count | Sum | Days]
Comparing = Callable[[Any, Any], bool]
"""Of two numbers or two texts."""
Total = Callable[[Tally], int]

COMPARE: dict[Comparison, Comparing] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}

TOTALS: dict[Windowed, Total] = {
    Count: operator.attrgetter("total_count"),
    Sum: operator.attrgetter("total_amount"),
    Days: operator.attrgetter("days"),
}


def predicate(condition: Compare | Among | Between) -> Callable[[float], bool]:
    """What is asked of the measure's value."""
    match condition:
        case Compare(_, op, right):
            compare = COMPARE[op]
            return lambda value: compare(value, right)
        case Among(_, values):
            wanted = frozenset(values)
            return lambda value: value in wanted
        case Between(_, low, high):
            return lambda value: low <= value <= high


def timeless(measure: Measure, numbers: Numbers) -> Callable[[Facts], float | None]:
    """What a measure without a window is of a member, whatever the day; None when it is absent."""
    number = numbers[measure.metric]
    match measure:
        case Pace(_, times):
            return lambda facts: _pace(facts, number, times)
        case Streak():
            return lambda facts: streak_of(tally_of(facts, number))
        case Distinct():
            return lambda facts: 0 if (values := distinct_of(facts, number)) is None else size(values)
        case Count() | Sum() | Days():
            total = TOTALS[type(measure)]
            return lambda facts: total(tally) if isinstance(tally := facts.get(number), Tally) else 0


def last_of(facts: Facts, metrics: tuple[int, ...]) -> int | None:
    """The latest day that keeps an event of any of these metrics."""
    latest: int | None = None
    for number in metrics:
        tally = facts.get(number)
        if isinstance(tally, Tally):
            last = tally.day if tally.count > 0 else tally.last
            if last is not None and (latest is None or last > latest):
                latest = last
    return latest


def pace_of(facts: Facts, metric: int) -> tuple[int, int] | None:
    """The days from the first to the last day, and the gaps between them; None before the second day."""
    tally = tally_of(facts, metric)
    if tally is None:
        return None
    gaps, first, last = tally.days - 1, tally.first, tally.last
    return None if gaps < 1 or first is None or last is None else (last - first, gaps)


def changes(tally: Tally, measure: Windowed, window: Span, day: int) -> Iterator[tuple[int, int]]:
    """What each day adds to a window, and takes back, as (first day with it, difference), from those in or after it."""
    for cell in cells(tally):
        gone = leaves(cell[0], window)
        if gone <= day:
            return
        weight = weight_of(cell, measure)
        yield cell[0], weight
        yield gone, -weight


def _pace(facts: Facts, metric: int, times: int) -> float | None:
    """A quotient of so few days is equal to a whole number, or greater, only if the exact one is."""
    pace = pace_of(facts, metric)
    return None if pace is None else times * pace[0] / pace[1]


def streak_of(tally: Tally | None) -> int:
    """Days in a row up to the last."""
    length, day_before = 0, 0
    for day, count, _ in () if tally is None else cells(tally):
        if count > 0:
            if length and day != day_before:
                break
            length, day_before = length + 1, day - 1
    return length


def weight_of(cell: Cell, measure: Windowed) -> int:
    _, count, amount = cell
    if measure is Days:
        return int(count > 0)
    return amount if measure is Sum else count
