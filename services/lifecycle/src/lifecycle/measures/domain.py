"""What the leaves of a condition read from a member's facts."""

import operator
from collections.abc import Callable, Iterator, Mapping

from lifecycle.calendars.domain import Span, leaves
from lifecycle.expressions.domain import Comparison, Count, Days, Sum
from lifecycle.facts.domain import Facts
from lifecycle.tallies.domain import Cell, Tally, cells

Numbers = Mapping[str, int]
"""The metrics' permanent numbers, by name."""

Windowed = type[Count | Sum | Days]
Comparing = Callable[[float, float], bool]
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


def last_of(facts: Facts, metrics: tuple[int, ...]) -> int | None:
    """The latest day that keeps an event of any of these metrics."""
    latest: int | None = None
    for number in metrics:
        tally = facts.get(number)
        if tally is not None:
            last = tally.last
            if last is not None and (latest is None or last > latest):
                latest = last
    return latest


def pace_of(tally: Tally | None) -> tuple[int, int] | None:
    """The days from the first to the last day, and the gaps between them; None before the second day."""
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
        weight = _weight(cell, measure)
        yield cell[0], weight
        yield gone, -weight


def _weight(cell: Cell, measure: Windowed) -> int:
    _, count, amount = cell
    if measure is Days:
        return int(count > 0)
    return amount if measure is Sum else count
