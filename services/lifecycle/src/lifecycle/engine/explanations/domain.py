"""Why a condition holds or not: the values of its leaves, and the truth that follows from them alone.

The plain reading of a tree, beside the compiled one of `outlooks`; the two must agree.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
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
from lifecycle.engine.readings.domain import Lookup, Readable, Reading, Situation, lookup
from lifecycle.facts.filters.domain import is_said
from lifecycle.facts.measures.domain import COMPARE, Comparing, predicate

_Look = Callable[[Lookup], Any]
"""The leaf's reading; its type is the leaf's."""
_Truth = Callable[[_Look], bool]
_Value = Callable[[_Look], Any]


class Explanation(msgspec.Struct, frozen=True):
    truth: bool
    values: dict[str, Reading]
    """By the leaf's name; only of the leaves that decided."""


def explain(condition: Condition, situation: Situation) -> Explanation:
    values: dict[str, Reading] = {}

    def look(leaf: Lookup) -> Reading:
        name = leaf.name
        if name not in values:
            values[name] = leaf.read(situation)
        return values[name]

    return Explanation(_truth(condition)(look), values)


def outcome(condition: Condition, values: Mapping[str, Reading]) -> bool:
    """The truth of a tree from the values in its explanation."""
    return _truth(condition)(lambda leaf: values[leaf.name])


@lru_cache(maxsize=4_096)
def _truth(condition: Condition) -> _Truth:
    """How a tree's truth follows from its leaves; made once for each."""
    match condition:
        case Always():
            return lambda _look: True
        case And(conditions):
            return _until(tuple(map(_truth, conditions)), decisive=False)
        case Or(conditions):
            return _until(tuple(map(_truth, conditions)), decisive=True)
        case Not(child):
            part = _truth(child)
            return lambda look: not part(look)
        case Compare() | Among() | Between() | Never() | Aged() | Gap() | Stayed():
            return _measures(condition)
        case _:
            return _is(condition)


def _until(parts: tuple[_Truth, ...], *, decisive: bool) -> _Truth:
    """Parts are asked in their order until one decides."""

    def truth(look: _Look) -> bool:
        for part in parts:
            if part(look) is decisive:
                return decisive
        return not decisive

    return truth


def _measures(condition: Compare | Among | Between | Never | Aged | Gap | Stayed) -> _Truth:
    match condition:
        case Compare(left) | Among(left) | Between(left):
            measure, holds = lookup(left), predicate(condition)
            return lambda look: (value := look(measure)) is not None and holds(value)
        case Never(metrics):
            since = lookup(Since(metrics))
            return lambda look: look(since) is None
        case Aged(left, op, right):
            return _compares(COMPARE[op], _read(left), _bound(right))
        case Stayed(_, op, right):
            return _compares(COMPARE[op], _read(condition), _duration(right))
        case Gap(left, right, op, bound):
            return _compares(COMPARE[op], _gap(_read(left), _read(right)), _bound(bound))


def _is(condition: Attribute | Stands | In | Said | Hour | OnWeekday | OnHoliday | OnBirthday) -> _Truth:
    leaf = lookup(condition)
    match condition:
        case Attribute(_, values) | Stands(_, values) | OnWeekday(values):
            return lambda look: look(leaf) in values
        case Said():
            return lambda look: is_said(condition, look(leaf))
        case Hour(low, high):
            hours = {*range(low, high + 1)} if low <= high else {*range(low, 24), *range(high + 1)}
            return lambda look: look(leaf) in hours
        case In() | OnHoliday() | OnBirthday():
            return lambda look: look(leaf) is True


def _read(leaf: Readable) -> _Value:
    ready = lookup(leaf)
    return lambda look: look(ready)


def _compares(compare: Comparing, value: _Value, bound: _Value) -> _Truth:
    def truth(look: _Look) -> bool:
        one, other = value(look), bound(look)
        return one is not None and other is not None and bool(compare(one, other))

    return truth


def _gap(left: _Value, right: _Value) -> _Value:
    def gap(look: _Look) -> Any:
        age, other = left(look), right(look)
        return None if age is None or other is None else age - other

    return gap


def _bound(bound: Bound) -> _Value:
    match bound:
        case Span(n, unit) if unit != "mo":
            days = n * (7 if unit == "w" else 1)
            return lambda _look: days
        case Span() | Pace():
            return _read(bound)
        case Clamp(value, low, high):
            return _clamped(_read(value), _bound(low), _bound(high))


def _clamped(value: _Value, low: _Value, high: _Value) -> _Value:
    def clamped(look: _Look) -> Any:
        pace, least, most = value(look), low(look), high(look)
        return None if pace is None or least is None or most is None else max(least, min(pace, most))

    return clamped


def _duration(duration: Duration) -> _Value:
    """In days, or hours."""
    if isinstance(duration, Span):
        return _bound(duration)
    hours = duration / timedelta(hours=1)
    return lambda _look: hours
