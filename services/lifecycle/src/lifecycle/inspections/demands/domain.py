"""Demands 要求: what must be possible for an atom of a condition to hold, or not to; in alternatives, of which one is enough.

Where a length of time depends on the day (a month) or on the member (a pace), the widest is demanded: what holds fulfils its
demands, and not everything that fulfils them holds.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import inf
from typing import TypeAlias

import msgspec

from lifecycle.calendars.domain import Duration, Span
from lifecycle.conditions.expressions.domain import (
    Aged,
    Always,
    Among,
    Attribute,
    Between,
    Bound,
    Clamp,
    Compare,
    Comparison,
    Condition,
    Days,
    Gap,
    Hour,
    In,
    Never,
    Not,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Pace,
    Plain,
    Said,
    Since,
    Stands,
    Stayed,
)
from lifecycle.conditions.ranges.domain import (
    ANYTHING,
    NEGATED,
    Ranges,
    at_least,
    coded,
    common,
    compared,
    joined,
    others,
    points,
)
from lifecycle.inspections.possibilities.domain import ABSENT, Key, Possible
from lifecycle.inspections.worlds.domain import World, longest, shortest
from lifecycle.policy.dates.domain import WEEKDAYS
from lifecycle.policy.soundness.domain import BIRTHDAY

Wanted: TypeAlias = tuple[Condition, bool]
"""A condition, and whether it is to hold."""


class Alternative(msgspec.Struct, frozen=True):
    demands: tuple[tuple[Key, Possible], ...] = ()
    wanted: tuple[Wanted, ...] = ()
    """What else is to hold, or not."""


PRESENT = Possible(ANYTHING)
_MINUTE = timedelta(minutes=1)


def alternatives(world: World, atom: Condition, *, holds: bool) -> tuple[Alternative, ...]:
    """Of which at least one is fulfilled whenever the atom is so; none when it never is."""
    return tuple(_alternatives(world, atom, holds=holds))


def _alternatives(world: World, atom: Condition, *, holds: bool) -> Iterator[Alternative]:
    match atom:
        case Always():
            yield from [Alternative()] if holds else []
        case Compare() | Among() | Between():
            yield from _measured(atom, holds=holds)
        case Never(metrics):
            if holds:
                yield _of(*((Since((metric,)), ABSENT) for metric in metrics))
            else:
                yield from (_of((Since((metric,)), PRESENT)) for metric in metrics)
        case Aged():
            yield from _aged(atom, holds=holds)
        case Stands() | In():
            yield from _stood(world, atom, holds=holds)
        case Said(field, op, values) if op not in {"==", "!="} and isinstance(values[0], str):
            yield _of((("event", f"{field} {op} {values[0]}"), Possible(points([int(holds)]))))
        case _:
            yield from _asked(atom, holds=holds)


def _of(*demands: tuple[Key, Possible]) -> Alternative:
    return Alternative(demands)


def _measured(atom: Compare | Among | Between, *, holds: bool) -> Iterator[Alternative]:
    """A pace is a fraction, and coded by doubling; it is there from the second day on."""
    measure = atom.left
    scale = 2 if isinstance(measure, Pace) else 1
    match atom:
        case Compare(_, op, right):
            numbers = compared(op, scale * right)
        case Among(_, values):
            numbers = points(scale * value for value in values)
        case Between(_, low, high):
            numbers = joined([(scale * low, scale * high)])
    wanted = Possible(numbers if holds else others(numbers))
    if isinstance(measure, Pace):
        yield _of((measure, wanted), (Days(measure.metric), Possible(at_least(2))))
        yield from [] if holds else [_paceless(measure)]
    else:
        yield _of((measure, wanted))


def _paceless(pace: Pace) -> Alternative:
    return _of((Days(pace.metric), Possible(compared("<", 2))))


def _aged(atom: Aged, *, holds: bool) -> Iterator[Alternative]:
    """The age of several metrics is that of the youngest."""
    pace, low, high = _bounds(atom.right)
    op: Comparison = atom.op if holds else NEGATED[atom.op]
    numbers = common(compared(op, low, high), at_least(0))
    ages = [Since((metric,)) for metric in atom.left.metrics]
    paced: tuple[tuple[Key, Possible], ...] = ((Days(pace.metric), Possible(at_least(2))),) if pace else ()
    for age in ages:
        rest = Possible(numbers, absent=True) if op in {">", ">="} else Possible(ANYTHING, absent=True)
        yield _of((age, Possible(numbers)), *((other, rest) for other in ages if other != age), *paced)
    if not holds:
        yield _of(*((age, ABSENT) for age in ages))
        yield from [_paceless(pace)] if pace else []


def _bounds(bound: Bound) -> tuple[Pace | None, float, float]:
    """The pace that must be there, and the least and the greatest that the bound may be."""
    match bound:
        case Span():
            return None, shortest(bound), longest(bound)
        case Pace(_, times):
            return bound, times, inf
        case Clamp(value, low, high):
            return value, shortest(low), max(longest(low), longest(high))


def _stood(world: World, atom: Stands | In, *, holds: bool) -> Iterator[Alternative]:
    """What stands for a condition brings it along: the value's own holds, and none that goes before it."""
    if isinstance(atom, In):
        yield Alternative(
            ((("in", atom.segment), Possible(points([int(holds)]))),), ((world.segments[atom.segment], holds),)
        )
        return
    dimension = world.dimensions[atom.dimension]
    for index, value in enumerate(dimension.values):
        if (value.name in atom.values) is holds:
            key: Key = (atom.dimension,)
            yield Alternative(((key, Possible(points([index]))),), in_value(world, value.name))


def in_value(world: World, name: str) -> tuple[Wanted, ...]:
    """What holds of whoever is in a stage, a health or a segment."""
    if name in world.segments:
        return ((world.segments[name], True),)
    for dimension in world.dimensions.values():
        names = [value.name for value in dimension.values]
        if name in names:
            index = names.index(name)
            before = dimension.values[:index] if dimension.holds == "first" else dimension.values[index + 1 :]
            return ((dimension.values[index].condition, True), *((each.condition, False) for each in before))
    return ((Not(Always()), True),)


def _asked(atom: Condition, *, holds: bool) -> Iterator[Alternative]:
    """What is asked of one thing that is not counted: it is among some numbers, or it is not, or it is absent."""
    match atom:
        case Attribute(name, values):
            yield _among(("attribute", name), points(map(coded, values)), holds=holds)
        case Said(field, op, values):
            yield _among(("event", field), _said(op, values), holds=holds)
        case Hour(low, high):
            numbers = ((low, high),) if low <= high else ((0, high), (low, 23))
            yield _among(("hour",), joined(numbers), holds=holds)
        case OnWeekday(days):
            yield _among(("weekday",), points(map(WEEKDAYS.index, days)), holds=holds)
        case OnHoliday():
            yield _among(("holiday",), points([1]), holds=holds)
        case OnBirthday():
            told = [(("attribute", BIRTHDAY), PRESENT)] if holds else []
            yield _of((("birthday",), Possible(points([int(holds)]))), *told)
        case Stayed(value, op, right):
            unit, least, most = _duration(right)
            yield _timed(("since", value, unit), op, least, most, holds=holds)
        case Gap(left, right, op, bound):
            yield _timed(("gap", str(left), str(right)), op, shortest(bound), longest(bound), holds=holds)


def _among(key: Key, numbers: Ranges, *, holds: bool) -> Alternative:
    return _of((key, Possible(numbers) if holds else Possible(others(numbers), absent=True)))


def _timed(key: Key, op: Comparison, low: float, high: float, *, holds: bool) -> Alternative:
    numbers = compared(op if holds else NEGATED[op], low, high)
    return _of((key, Possible(numbers, absent=not holds)))


def _said(op: Comparison, values: tuple[Plain, ...]) -> Ranges:
    return points(map(coded, values)) if op == "==" else compared(op, coded(values[0]))


def _duration(duration: Duration) -> tuple[str, float, float]:
    """In days; or in minutes, coded by doubling, since what has elapsed is a fraction of them."""
    if isinstance(duration, Span):
        return "days", shortest(duration), longest(duration)
    minutes = 2 * (duration / _MINUTE)
    return "minutes", minutes, minutes
