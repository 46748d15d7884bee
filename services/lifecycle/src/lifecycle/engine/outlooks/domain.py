"""An outlook 展望: a condition compiled to closures. Its truth on a day, and the first later day on which that may change.

The second is in closed form and never too late: for an atom it is the day of its next flip exactly, for `and` and `or` the
earliest that the flips of their parts allow. Before that day the truth is what it was.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lifecycle.calendars.domain import LAST_DAY, Span, leaves
from lifecycle.conditions.expressions.domain import (
    Aged,
    Always,
    Among,
    And,
    Attribute,
    Between,
    Bound,
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
    Plain,
    Stands,
    Sum,
    walk,
)
from lifecycle.facts.domain import Facts, attribute_of, tally_of
from lifecycle.facts.measures.domain import Numbers, Windowed, changes, last_of, pace_of, predicate, timeless, weight_of
from lifecycle.facts.tallies.domain import cells

NEVER: Final = LAST_DAY
"""A day that does not come; nor does a later one."""

Stood = Mapping[str, tuple[str | None, int]]
"""Dimension → the member's value in it on the day, and a day before which it stays; of all that the condition asks."""

Outlook = Callable[[Facts, int, Stood], tuple[bool, int]]
_Predicate = Callable[[float], bool]
_Threshold = Callable[[Facts, int], int | None]
"""The first day on which what was last on the given day is old enough."""


def outlook(condition: Condition, numbers: Numbers) -> Outlook:
    """Raises TypeError for what rules alone may ask."""
    match condition:
        case Always():
            return lambda _facts, _day, _stood: (True, NEVER)
        case And(conditions):
            return _joined(_cheapest_first(conditions), numbers, decisive=False)
        case Or(conditions):
            return _joined(_cheapest_first(conditions), numbers, decisive=True)
        case Not(child):
            return _negated(outlook(child, numbers))
        case Stands(dimension, values):
            return _stands(dimension, frozenset(values))
        case In(segment):
            return _stands(segment, frozenset({segment}))
    return _of_facts(condition, numbers)


def _of_facts(condition: Condition, numbers: Numbers) -> Outlook:
    match condition:
        case Never(metrics):
            return _never(tuple(numbers[name] for name in metrics))
        case Aged():
            return _aged(condition, numbers)
        case Attribute(name, values):
            return _told(numbers[name], frozenset(values))
        case Compare() | Among() | Between():
            return _compared(condition, numbers)
    raise TypeError(f"{condition}: its next change has no bound, so rules alone may ask it")


def _stands(dimension: str, wanted: frozenset[str]) -> Outlook:
    """What the dimension's own definition says, found once for the day."""

    def look(_facts: Facts, _day: int, stood: Stood) -> tuple[bool, int]:
        value, until = stood[dimension]
        return value in wanted, until

    return look


def _told(place: int, wanted: frozenset[Plain]) -> Outlook:
    return lambda facts, _day, _stood: (attribute_of(facts, place) in wanted, NEVER)


def _never(metrics: tuple[int, ...]) -> Outlook:
    return lambda facts, _day, _stood: (last_of(facts, metrics) is None, NEVER)


def _cheapest_first(conditions: Sequence[Condition]) -> list[Condition]:
    """What reads the days of a window last: whatever decides without it spares them."""
    return sorted(conditions, key=lambda each: any(getattr(node, "window", None) for node in walk(each)))


def _joined(conditions: Sequence[Condition], numbers: Numbers, *, decisive: bool) -> Outlook:
    """Of `and` False is decisive, of `or` True: without it until the first part flips, with it until the last of the
    decisive parts has flipped.
    """
    parts = [outlook(child, numbers) for child in conditions]

    def look(facts: Facts, day: int, stood: Stood) -> tuple[bool, int]:
        soonest, latest = NEVER, 0
        for part in parts:
            truth, until = part(facts, day, stood)
            if truth is not decisive:
                soonest = min(soonest, until)
            elif until >= NEVER:
                return decisive, NEVER
            elif until > latest:
                latest = until
        return (decisive, latest) if latest else (not decisive, soonest)

    return look


def _negated(part: Outlook) -> Outlook:
    def look(facts: Facts, day: int, stood: Stood) -> tuple[bool, int]:
        truth, until = part(facts, day, stood)
        return not truth, until

    return look


def _aged(condition: Aged, numbers: Numbers) -> Outlook:
    """An age only grows: one threshold day, before which `<` holds and from which `>` does."""
    metrics = tuple(numbers[name] for name in condition.left.metrics)
    threshold = _threshold(condition.right, numbers, beyond=condition.op in {">", "<="})
    older = condition.op in {">", ">="}

    def look(facts: Facts, day: int, _stood: Stood) -> tuple[bool, int]:
        last = last_of(facts, metrics)
        turn = None if last is None else threshold(facts, last)
        if turn is None:
            return False, NEVER
        return (older, NEVER) if day >= turn else (not older, turn)

    return look


def _threshold(bound: Bound, numbers: Numbers, *, beyond: bool) -> _Threshold:
    """`beyond`: older than the bound, not just as old."""
    match bound:
        case Span(n, "d"):
            return lambda _facts, last: last + n + beyond
        case Span():
            return lambda _facts, last: leaves(last + beyond, bound)
        case Pace(metric, times):
            number = numbers[metric]
            return lambda facts, last: _paced(facts, number, times, last, beyond=beyond)
        case Clamp(value, low, high):
            return _clamped(*(_threshold(each, numbers, beyond=beyond) for each in (value, low, high)))


def _paced(facts: Facts, number: int, times: int, last: int, *, beyond: bool) -> int | None:
    pace = pace_of(facts, number)
    if pace is None:
        return None
    days, gaps = pace
    return last + (times * days // gaps + 1 if beyond else -(-times * days // gaps))


def _clamped(value: _Threshold, low: _Threshold, high: _Threshold) -> _Threshold:
    def threshold(facts: Facts, last: int) -> int | None:
        turn, least, most = value(facts, last), low(facts, last), high(facts, last)
        return None if turn is None or least is None or most is None else max(least, min(turn, most))

    return threshold


def _compared(condition: Compare | Among | Between, numbers: Numbers) -> Outlook:
    holds = predicate(condition)
    match condition.left:
        case (Count(metric, Span() as window) | Sum(metric, Span() as window) | Days(metric, Span() as window)) as left:
            compared, least = _compared_window(numbers[metric], type(left), window, holds), _least(condition)
            if least is None:
                return compared
            return _reached(numbers[metric], type(left), window, least, otherwise=compared)
    measured = timeless(condition.left, numbers)

    def look(facts: Facts, _day: int, _stood: Stood) -> tuple[bool, int]:
        value = measured(facts)
        return value is not None and holds(value), NEVER

    return look


def _least(condition: Compare | Among | Between) -> int | None:
    """The least value from which on a comparison holds, if it holds of everything above."""
    match condition:
        case Compare(_, ">=", value):
            return value
        case Compare(_, ">", value):
            return value + 1
    return None


def _reached(number: int, measure: Windowed, window: Span, least: int, *, otherwise: Outlook) -> Outlook:
    """Most comparisons, by one look at the days of the window from the newest on: what time takes away from them is the
    oldest, so it fails when the day leaves by which so much was reached. A day with less than nothing, or one to come, is
    looked at as any comparison is.
    """

    def look(facts: Facts, day: int, stood: Stood) -> tuple[bool, int]:
        tally, value, until = tally_of(facts, number), 0, NEVER
        if tally is None or (measure is Days and tally.days < least):
            return least <= 0, NEVER
        for cell in cells(tally):
            gone = leaves(cell[0], window)
            if gone <= day:
                break
            weight = weight_of(cell, measure)
            if weight < 0 or cell[0] > day:
                return otherwise(facts, day, stood)
            if value < least <= value + weight:
                until = gone
            value += weight
            if value >= least and measure is Days:
                break
        return value >= least, until

    return look


def _compared_window(number: int, measure: Windowed, window: Span, holds: _Predicate) -> Outlook:
    def look(facts: Facts, day: int, _stood: Stood) -> tuple[bool, int]:
        tally = tally_of(facts, number)
        steps = [] if tally is None else sorted(changes(tally, measure, window, day))
        value = sum(difference for since, difference in steps if since <= day)
        truth = holds(value)
        later = [step for step in steps if step[0] > day]
        for index, (since, difference) in enumerate(later):
            value += difference
            whole = index + 1 == len(later) or later[index + 1][0] > since
            if whole and holds(value) != truth:
                return truth, since
        return truth, NEVER

    return look
