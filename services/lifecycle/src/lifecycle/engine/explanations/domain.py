"""Why a condition holds or not: the values of its leaves, and the truth that follows from them alone.

The plain reading of a tree, beside the compiled one of `outlooks`; the two must agree.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from lifecycle.calendars.domain import Duration, Span
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
    Gap,
    Hour,
    In,
    Never,
    Not,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Or,
    Pace,
    Said,
    Since,
    Stands,
    Stayed,
)
from lifecycle.engine.readings.domain import Readable, Reading, Situation, name_of, read
from lifecycle.facts.filters.domain import is_said
from lifecycle.facts.measures.domain import COMPARE, Comparing, predicate

_Look = Callable[[Readable], Any]
"""The leaf's reading; its type is the leaf's."""


class Explanation(msgspec.Struct, frozen=True):
    truth: bool
    values: dict[str, Reading]
    """By the leaf's name; only of the leaves that decided."""


def explain(condition: Condition, situation: Situation) -> Explanation:
    values: dict[str, Reading] = {}

    def look(leaf: Readable) -> Reading:
        name = name_of(leaf)
        if name not in values:
            values[name] = read(leaf, situation)
        return values[name]

    return Explanation(_holds(condition, look), values)


def outcome(condition: Condition, values: Mapping[str, Reading]) -> bool:
    """The truth of a tree from the values in its explanation."""
    return _holds(condition, lambda leaf: values[name_of(leaf)])


def _holds(condition: Condition, look: _Look) -> bool:
    match condition:
        case Always():
            return True
        case And(conditions):
            return all(_holds(child, look) for child in conditions)
        case Or(conditions):
            return any(_holds(child, look) for child in conditions)
        case Not(child):
            return not _holds(child, look)
        case Compare() | Among() | Between() | Never() | Aged() | Gap() | Stayed():
            return _measures(condition, look)
        case _:
            return _is(condition, look)


def _measures(condition: Compare | Among | Between | Never | Aged | Gap | Stayed, look: _Look) -> bool:
    match condition:
        case Compare(left) | Among(left) | Between(left):
            value = look(left)
            return value is not None and predicate(condition)(value)
        case Never(metrics):
            return look(Since(metrics)) is None
        case Aged(left, op, right):
            return _compares(COMPARE[op], look(left), _bound(right, look))
        case Stayed(_, op, right):
            return _compares(COMPARE[op], look(condition), _duration(right, look))
        case Gap(left, right, op, bound):
            age, other = look(left), look(right)
            return _compares(COMPARE[op], None if None in {age, other} else age - other, _bound(bound, look))


def _is(
    condition: Attribute | Stands | In | Said | Hour | OnWeekday | OnHoliday | OnBirthday,
    look: _Look,
) -> bool:
    value = look(condition)
    match condition:
        case Attribute(_, values) | Stands(_, values) | OnWeekday(values):
            return value in values
        case Said():
            return is_said(condition, value)
        case Hour(low, high):
            return value in (range(low, high + 1) if low <= high else {*range(low, 24), *range(high + 1)})
        case In() | OnHoliday() | OnBirthday():
            return value is True


def _compares(compare: Comparing, value: Reading, bound: Reading) -> bool:
    return value is not None and bound is not None and bool(compare(value, bound))


def _bound(bound: Bound, look: _Look) -> Any:
    match bound:
        case Span(n, unit):
            return look(bound) if unit == "mo" else n * (7 if unit == "w" else 1)
        case Pace():
            return look(bound)
        case Clamp(value, low, high):
            pace, least, most = look(value), _bound(low, look), _bound(high, look)
            return None if None in {pace, least, most} else max(least, min(pace, most))


def _duration(duration: Duration, look: _Look) -> Any:
    """In days, or hours."""
    return _bound(duration, look) if isinstance(duration, Span) else duration / timedelta(hours=1)
