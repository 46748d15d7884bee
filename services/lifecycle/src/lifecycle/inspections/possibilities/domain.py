"""Possibilities 可能: what each thing that a condition asks may still be of one member at one moment.

Narrowing keeps to what follows from how things are counted: a window counts no more than a longer one, days no more than
events, the last day of a metric is within a window exactly if that window has a day. It never excludes what can be.

Each metric is taken for itself, though two may count the same events. A retraction may be read before what it takes back: of
a metric that has one, counts and sums may be anything, and only days are known to be fewer in a shorter window.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import inf
from typing import TypeAlias

import msgspec

from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    Count,
    Days,
    Distinct,
    Node,
    Pace,
    Since,
    Streak,
    Sum,
    Windowed,
    metrics_of,
)
from lifecycle.conditions.ranges.domain import ANYTHING, Ranges, at_least, at_most, common, points
from lifecycle.facts.distincts.domain import MOST
from lifecycle.inspections.worlds.domain import World, longest, only_grows, shortest, sums_only_grow

Key: TypeAlias = Node | tuple[str, ...]
"""A measure, the age of one metric, or the name of something else that is asked."""


class Possible(msgspec.Struct, frozen=True):
    numbers: Ranges
    absent: bool = False
    """Whether it may be absent."""

    @property
    def low(self) -> float:
        return self.numbers[0][0] if self.numbers else inf

    @property
    def high(self) -> float:
        return self.numbers[-1][1] if self.numbers else -inf


ABSENT = Possible((), absent=True)
Possibilities = Mapping[Key, Possible]
"""What is not in it has not been narrowed."""


def possible(world: World, state: Possibilities, key: Key) -> Possible:
    return state[key] if key in state else _at_first(world, key)


def _at_first(world: World, key: Key) -> Possible:
    match key:
        case Since():
            return Possible(at_least(0), absent=True)
        case Pace(_, times):
            return Possible(at_least(2 * times), absent=True)
        case Distinct():
            return Possible(((0, MOST),))
        case Days(_, window):
            return Possible(((0, longest(window)),))
        case Count(metric) | Sum(metric):
            grows = sums_only_grow if isinstance(key, Sum) else only_grows
            return Possible(at_least(0) if grows(world, metric) else ANYTHING)
        case Node():
            return Possible(at_least(0))
    return _named_at_first(world, key)


def _named_at_first(world: World, key: tuple[str, ...]) -> Possible:
    match key:
        case ("holiday",):
            return Possible(points([0, 1] if world.holidays else [0]))
        case ("hour",):
            return Possible(((0, 23),))
        case ("weekday",):
            return Possible(((0, 6),))
        case ("attribute", name) if world.kinds.get(name) == "yes_no":
            return Possible(points([0, 1]), absent=True)
        case ("since", *_):
            return Possible(at_least(0), absent=True)
        case ("birthday" | "in", *_):
            return Possible(points([0, 1]))
        case ("stage" | "health" as name,):
            return Possible(((0, len(world.dimensions[name].values) - 1),))
    return Possible(ANYTHING, absent=True)


def narrowed(world: World, state: Possibilities, demands: Iterable[tuple[Key, Possible]]) -> Possibilities | None:
    """What is left when all of that is demanded; None when nothing is."""
    after = dict(state)
    metrics: set[str] = set()
    for key, demanded in demands:
        if not _narrow(world, after, key, demanded):
            return None
        metrics |= set(metrics_of(key)) if isinstance(key, Node) else set()
    return after if all(_settled(world, after, metric) for metric in metrics) else None


def _narrow(world: World, state: dict[Key, Possible], key: Key, demanded: Possible) -> bool:
    """Whether anything is left of it."""
    before = possible(world, state, key)
    state[key] = after = Possible(common(before.numbers, demanded.numbers), before.absent and demanded.absent)
    return bool(after.numbers) or after.absent


def _settled(world: World, state: dict[Key, Possible], metric: str) -> bool:
    """Draws every conclusion about the measures of one metric; whether anything is left of each."""
    state.setdefault(Days(metric), _at_first(world, Days(metric)))
    state.setdefault(Since((metric,)), _at_first(world, Since((metric,))))
    before: dict[Node, Possible] | None = None
    while before != (before := _measured(state, metric)):
        for key, demanded in _conclusions(world, state, metric, before):
            if not _narrow(world, state, key, demanded):
                return False
    return True


def _measured(state: Possibilities, metric: str) -> dict[Node, Possible]:
    """Conclusions may add to them."""
    return {key: kept for key, kept in state.items() if isinstance(key, Node) and metrics_of(key) == (metric,)}


def _conclusions(
    world: World, state: Mapping[Key, Possible], metric: str, measures: Iterable[Node]
) -> Iterator[tuple[Key, Possible]]:
    windowed = [key for key in measures if isinstance(key, Windowed)]
    for low in windowed:
        for high in windowed:
            if low != high and _is_within(world, low, high):
                yield from _no_more(state, low, high)
        if isinstance(low, Days):
            yield from _age(state, low, Since((metric,)))
        if isinstance(low, Count) and only_grows(world, metric) and state[low].low >= 1:
            yield Days(metric, low.window), Possible(at_least(1))
    for key in measures:
        if isinstance(key, Streak):
            yield from _no_more(state, key, Days(metric))
            if state[Days(metric)].low >= 1:
                yield key, Possible(at_least(1))


def _is_within(world: World, low: Windowed, high: Windowed) -> bool:
    """Whether the one is never more than the other."""
    is_shorter = low.window == high.window or longest(low.window) <= shortest(high.window)
    if isinstance(low, Days):
        is_same = isinstance(high, Days) or (isinstance(high, Count) and only_grows(world, low.metric))
    else:
        grows = sums_only_grow if isinstance(low, Sum) else only_grows
        is_same = type(low) is type(high) and grows(world, low.metric)
    return is_same and (is_shorter or _is_shorter(low.window, high.window))


def _is_shorter(one: Span | None, other: Span | None) -> bool:
    return other is None or (one is not None and one.unit == other.unit and one.n <= other.n)


def _no_more(state: Mapping[Key, Possible], low: Node, high: Node) -> Iterator[tuple[Key, Possible]]:
    yield high, Possible(at_least(state[low].low))
    yield low, Possible(at_most(state[high].high))


def _age(state: Mapping[Key, Possible], days: Days, age: Since) -> Iterator[tuple[Key, Possible]]:
    """The last day is within a window exactly if the window has a day."""
    found, last = state[days], state[age]
    if found.low >= 1:
        yield age, Possible(at_most(longest(days.window) - 1))
    if found.high < 1:
        yield age, Possible(at_least(shortest(days.window)) if days.window else (), absent=True)
    if not last.absent and (days.window is None or last.high < shortest(days.window)):
        yield days, Possible(at_least(1))
    if not last.numbers or last.low >= longest(days.window):
        yield days, Possible(at_most(0))
