"""Why a condition holds or not: the values of its leaves, and the truth that follows from them alone.

The plain reading of a tree, beside the compiled one of `outlooks`; the two must agree.
"""

from collections.abc import Callable, Mapping

import msgspec

from lifecycle.calendars.domain import Span, length
from lifecycle.expressions.domain import (
    Aged,
    Always,
    And,
    Bound,
    Clamp,
    Compare,
    Condition,
    Count,
    Days,
    Leaf,
    Never,
    Not,
    Or,
    Pace,
    Since,
    Sum,
)
from lifecycle.facts.domain import Facts
from lifecycle.measures.domain import COMPARE, TOTALS, Numbers, changes, last_of, pace_of

Reading = float | None
"""A leaf's value: a number, whole or not, or absent."""

_Look = Callable[[Leaf], Reading]


class Explanation(msgspec.Struct, frozen=True):
    truth: bool
    values: dict[str, Reading]
    """By the leaf's printed form; only of the leaves that decided."""


def explain(condition: Condition, facts: Facts, day: int, numbers: Numbers) -> Explanation:
    values: dict[str, Reading] = {}

    def look(leaf: Leaf) -> Reading:
        return values.setdefault(str(leaf), read(leaf, facts, day, numbers))

    return Explanation(_holds(condition, look), values)


def outcome(condition: Condition, values: Mapping[str, Reading]) -> bool:
    """The truth of a tree from the values in its explanation."""
    return _holds(condition, lambda leaf: values[str(leaf)])


def read(leaf: Leaf, facts: Facts, day: int, numbers: Numbers) -> Reading:
    match leaf:
        case Span():
            return length(leaf, day)
        case Since(metrics):
            last = last_of(facts, tuple(numbers[name] for name in metrics))
            return None if last is None else day - last
        case Pace(metric, times):
            pace = pace_of(facts.get(numbers[metric]))
            return None if pace is None else times * pace[0] / pace[1]
        case Count(metric, window) | Sum(metric, window) | Days(metric, window):
            tally = facts.get(numbers[metric])
            if tally is None:
                return 0
            if window is None:
                return TOTALS[type(leaf)](tally)
            return sum(difference for since, difference in changes(tally, type(leaf), window, day) if since <= day)


def _holds(condition: Condition, look: _Look) -> bool:
    match condition:
        case Always():
            return True
        case Never(metrics):
            return look(Since(metrics)) is None
        case Compare(left, op, right):
            value = look(left)
            return value is not None and COMPARE[op](value, right)
        case Aged(left, op, right):
            age, bound = look(left), _bound(right, look)
            return age is not None and bound is not None and COMPARE[op](age, bound)
        case And(conditions):
            return all(_holds(child, look) for child in conditions)
        case Or(conditions):
            return any(_holds(child, look) for child in conditions)
        case Not(child):
            return not _holds(child, look)


def _bound(bound: Bound, look: _Look) -> Reading:
    match bound:
        case Span(n, unit):
            return look(bound) if unit == "mo" else n * (7 if unit == "w" else 1)
        case Pace():
            return look(bound)
        case Clamp(value, low, high):
            pace, least, most = look(value), _bound(low, look), _bound(high, look)
            return None if pace is None or least is None or most is None else max(least, min(pace, most))
