"""An outlook 展望: a condition compiled to closures. Its truth on a day, and the first later day on which that may change.

The second is in closed form and never too late: for an atom it is the day of its next flip exactly, for `and` and `or` the
earliest that the flips of their parts allow. Before that day the truth is what it was.
"""

from collections.abc import Callable
from typing import Final

from lifecycle.calendars.domain import LAST_DAY, Span, leaves
from lifecycle.expressions.domain import (
    Aged,
    Always,
    And,
    Bound,
    Clamp,
    Compare,
    Condition,
    Measure,
    Never,
    Not,
    Or,
    Pace,
)
from lifecycle.facts.domain import Facts
from lifecycle.measures.domain import COMPARE, TOTALS, Comparing, Numbers, Total, Windowed, changes, last_of, pace_of
from lifecycle.tallies.domain import Tally

NEVER: Final = LAST_DAY
"""A day that does not come; nor does a later one."""

Outlook = Callable[[Facts, int], tuple[bool, int]]
_Threshold = Callable[[Facts, int], int | None]
"""The first day on which what was last on the given day is old enough."""


def outlook(condition: Condition, numbers: Numbers) -> Outlook:
    match condition:
        case Always():
            return lambda _facts, _day: (True, NEVER)
        case Never(metrics):
            return _never(tuple(numbers[name] for name in metrics))
        case Aged():
            return _aged(condition, numbers)
        case Compare(left, op, right):
            return _compared(left, COMPARE[op], right, numbers)
        case And(conditions):
            return _every([outlook(child, numbers) for child in conditions])
        case Or(conditions):
            return _negated(_every([_negated(outlook(child, numbers)) for child in conditions]))
        case Not(child):
            return _negated(outlook(child, numbers))


def _never(metrics: tuple[int, ...]) -> Outlook:
    return lambda facts, _day: (last_of(facts, metrics) is None, NEVER)


def _every(parts: list[Outlook]) -> Outlook:
    """True until the first part flips; false until the last of the false parts has flipped."""

    def look(facts: Facts, day: int) -> tuple[bool, int]:
        soonest, latest = NEVER, 0
        for part in parts:
            truth, until = part(facts, day)
            if truth:
                soonest = min(soonest, until)
            elif until >= NEVER:
                return False, NEVER
            else:
                latest = max(latest, until)
        return (False, latest) if latest else (True, soonest)

    return look


def _negated(part: Outlook) -> Outlook:
    def look(facts: Facts, day: int) -> tuple[bool, int]:
        truth, until = part(facts, day)
        return not truth, until

    return look


def _aged(condition: Aged, numbers: Numbers) -> Outlook:
    """An age only grows: one threshold day, before which `<` holds and from which `>` does."""
    metrics = tuple(numbers[name] for name in condition.left.metrics)
    threshold = _threshold(condition.right, numbers, beyond=condition.op in {">", "<="})
    older = condition.op in {">", ">="}

    def look(facts: Facts, day: int) -> tuple[bool, int]:
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
            return lambda facts, last: _paced(facts.get(number), times, last, beyond=beyond)
        case Clamp(value, low, high):
            return _clamped(*(_threshold(each, numbers, beyond=beyond) for each in (value, low, high)))


def _paced(tally: Tally | None, times: int, last: int, *, beyond: bool) -> int | None:
    pace = pace_of(tally)
    if pace is None:
        return None
    days, gaps = pace
    return last + (times * days // gaps + 1 if beyond else -(-times * days // gaps))


def _clamped(value: _Threshold, low: _Threshold, high: _Threshold) -> _Threshold:
    def threshold(facts: Facts, last: int) -> int | None:
        turn, least, most = value(facts, last), low(facts, last), high(facts, last)
        return None if turn is None or least is None or most is None else max(least, min(turn, most))

    return threshold


def _compared(left: Measure, compare: Comparing, right: int, numbers: Numbers) -> Outlook:
    number = numbers[left.metric]
    if isinstance(left, Pace):
        return _compared_pace(number, left.times, compare, right)
    if left.window is None:
        return _compared_total(number, TOTALS[type(left)], compare, right)
    return _compared_window(number, type(left), left.window, compare, right)


def _compared_pace(number: int, times: int, compare: Comparing, right: int) -> Outlook:
    def look(facts: Facts, _day: int) -> tuple[bool, int]:
        pace = pace_of(facts.get(number))
        return pace is not None and compare(times * pace[0], right * pace[1]), NEVER

    return look


def _compared_total(number: int, total: Total, compare: Comparing, right: int) -> Outlook:
    def look(facts: Facts, _day: int) -> tuple[bool, int]:
        tally = facts.get(number)
        return compare(0 if tally is None else total(tally), right), NEVER

    return look


def _compared_window(number: int, measure: Windowed, window: Span, compare: Comparing, right: int) -> Outlook:
    def look(facts: Facts, day: int) -> tuple[bool, int]:
        tally = facts.get(number)
        steps = [] if tally is None else sorted(changes(tally, measure, window, day))
        value = sum(difference for since, difference in steps if since <= day)
        truth = compare(value, right)
        later = [step for step in steps if step[0] > day]
        for index, (since, difference) in enumerate(later):
            value += difference
            whole = index + 1 == len(later) or later[index + 1][0] > since
            if whole and compare(value, right) != truth:
                return truth, since
        return truth, NEVER

    return look
