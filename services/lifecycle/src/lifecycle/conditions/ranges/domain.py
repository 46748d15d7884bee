"""Ranges 區間: sets of whole numbers, as closed ranges in rising order that neither touch nor overlap.

An end may be infinite. What is no whole number is coded as one: a text by its bytes, a fraction by the odd number between the
doubles of its neighbours, which tells all that a comparison with whole numbers can ask.
"""

from collections.abc import Iterable
from math import inf

from lifecycle.conditions.expressions.domain import Comparison, Plain

Ranges = tuple[tuple[float, float], ...]
"""The ends are whole, or infinite."""

NOTHING: Ranges = ()
ANYTHING: Ranges = ((-inf, inf),)

NEGATED: dict[Comparison, Comparison] = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}


def at_least(low: float) -> Ranges:
    return ((low, inf),)


def at_most(high: float) -> Ranges:
    return ((-inf, high),)


def points(numbers: Iterable[int]) -> Ranges:
    return joined((number, number) for number in numbers)


def joined(parts: Iterable[tuple[float, float]]) -> Ranges:
    """The ranges in any order, also overlapping and empty ones."""
    found: list[tuple[float, float]] = []
    for low, high in sorted(part for part in parts if part[0] <= part[1]):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def common(one: Ranges, other: Ranges) -> Ranges:
    return joined((max(a, c), min(b, d)) for a, b in one for c, d in other)


def others(ranges: Ranges) -> Ranges:
    """What is in none of them."""
    found, start = [], -inf
    for low, high in ranges:
        found.append((start, low - 1))
        start = high + 1
    return joined((*((a, b) for a, b in found if b != -inf), *([(start, inf)] if start != inf else [])))


def compared(op: Comparison, low: float, high: float | None = None) -> Ranges:
    """The numbers of which the comparison may hold with some bound from `low` to `high`."""
    high = low if high is None else high
    match op:
        case ">":
            return at_least(low + 1)
        case ">=":
            return at_least(low)
        case "<":
            return at_most(high - 1)
        case "<=":
            return at_most(high)
        case "==":
            return ((low, high),)
        case "!=":
            return others(((low, high),)) if low == high else ANYTHING


def coded(value: Plain) -> int:
    """A different number for each text; yes is 1, no is 0."""
    return int.from_bytes(b"\x01" + value.encode()) if isinstance(value, str) else int(value)
