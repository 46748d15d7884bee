"""An annotation 註解: a condition as operators write it, with the values that decided it printed into it.

`orders.count(30d) = 3 >= 2 or never(chat)`: what has no value was not asked, because the rest had decided.
"""

from collections.abc import Mapping

from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    Aged,
    Always,
    Among,
    And,
    Between,
    Bound,
    Clamp,
    Compare,
    Condition,
    Gap,
    Never,
    Not,
    Or,
    RulesOnly,
    Since,
    Standing,
    Stayed,
    shown,
    written,
)
from lifecycle.engine.readings.domain import Readable, Reading, name_of

ABSENT = "—"
"""The value of what never happened, or was never told."""

Readings = Mapping[str, Reading]
"""By the name of the leaf, as an explanation has them."""


def annotated(condition: Condition, values: Readings) -> str:
    match condition:
        case And(conditions):
            return " and ".join(_within(child, values, Or) for child in conditions)
        case Or(conditions):
            return " or ".join(annotated(child, values) for child in conditions)
        case Not(child):
            return f"not {_within(child, values, And, Or)}"
    return _atom(condition, values)


def shown_reading(reading: Reading) -> str:
    """`yes`, `12.5`, `"store"`."""
    if reading is None:
        return ABSENT
    return f"{reading:.4g}" if isinstance(reading, float) else written(reading)


def _atom(condition: Standing | RulesOnly, values: Readings) -> str:
    match condition:
        case Never(metrics):
            return _never(condition, values.get(str(Since(metrics)), ...))
        case Aged(left, op, right):
            return f"{_with(str(left), left, values, 'd')} {op} {_bound(right, values)}"
        case Gap(left, right, op, bound):
            ages = " - ".join(_with(str(age), age, values, "d") for age in (left, right))
            return f"{ages} {op} {_bound(bound, values)}"
        case Stayed(value, op, Span() as right):
            return f"{_with(f'since({value})', condition, values, 'd')} {op} {_bound(right, values)}"
        case Stayed(value, op, right):
            return f"{_with(f'since({value})', condition, values, 'h')} {op} {shown(right)}"
        case Always():
            return str(condition)
    leaf = condition.left if isinstance(condition, Compare | Among | Between) else condition
    name = name_of(leaf)
    return _with(name, leaf, values) + str(condition).removeprefix(name)


def _never(condition: Never, age: object) -> str:
    if age is ...:
        return str(condition)
    return f"{condition} = {'yes' if age is None else f'no, {age}d ago'}"


def _bound(bound: Bound, values: Readings) -> str:
    """A span has a value where its length depends on the day."""
    if isinstance(bound, Clamp):
        return f"clamp({', '.join(_bound(each, values) for each in (bound.value, bound.low, bound.high))})"
    return _with(str(bound), bound, values, "d")


def _with(text: str, leaf: Readable, values: Readings, unit: str = "") -> str:
    if (name := name_of(leaf)) not in values:
        return text
    reading = values[name]
    return f"{text} = {shown_reading(reading)}{unit if reading is not None else ''}"


def _within(child: Condition, values: Readings, *looser: type[And | Or]) -> str:
    text = annotated(child, values)
    return f"({text})" if isinstance(child, looser) else text
