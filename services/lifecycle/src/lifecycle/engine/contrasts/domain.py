"""A contrast 對照 of two versions of the policy: the dimensions in which they may let a member stand elsewhere, and what these
read. In all others everybody stands by one as by the other, and nothing has to be looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lifecycle.conditions.expressions.domain import Attribute, In, Node, Stands, metrics_of, walk
from lifecycle.engine.domain import CompiledDimension, Engine
from lifecycle.facts.domain import Facts
from lifecycle.policy.domain import Value
from lifecycle.standing.domain import Standing, stand


@dataclass(frozen=True, kw_only=True)
class Contrast:
    names: frozenset[str]
    """The dimensions that may differ."""
    before: tuple[CompiledDimension, ...]
    """Those of the one version, and what they ask."""
    after: tuple[CompiledDimension, ...]
    places: frozenset[int]
    """In the facts, of all that these read."""
    triggers: frozenset[str]
    """The rules that wait for the same, and as long."""
    same_dates: bool
    """Whether the calendar brings the same rules at the same moments."""


def contrast(before: Engine, after: Engine) -> Contrast:
    names = frozenset(_differing(before, after))
    sides = [_with_what_they_ask(names, engine) for engine in (before, after)]
    return Contrast(
        names=names,
        before=_of(before, sides[0]),
        after=_of(after, sides[1]),
        places=frozenset(
            engine.numbers[each]
            for engine, side in zip((before, after), sides, strict=True)
            for name in side
            for each in _reads(engine.asked[name])
        ),
        triggers=frozenset(_alike(_triggers(before), _triggers(after))),
        same_dates=_dates(before) == _dates(after),
    )


def shifted(between: Contrast, facts: Facts, day: int) -> tuple[Standing, Standing, int]:
    """The values on a day in the dimensions that may differ, by the one and by the other; and a day before which the second
    stays.
    """
    one, _ = stand(between.before, facts, day)
    other, until = stand(between.after, facts, day)
    return _only(between.names, one), _only(between.names, other), until


def _only(names: Iterable[str], standing: Standing) -> Standing:
    return {name: standing[name] for name in names if name in standing}


def _alike(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {name for name in one if name in other and one[name] == other[name]}


def _differing(before: Engine, after: Engine) -> set[str]:
    """Those that are defined otherwise, and whatever asks one of them."""
    sides = [(engine, _definitions(engine)) for engine in (before, after)]
    (_, one), (_, other) = sides
    found = {*one, *other} - _alike(one, other)
    while more := {
        name
        for engine, _ in sides
        for name, values in engine.asked.items()
        if found & _asks(values) and name not in found
    }:
        found |= more
    return found


def _definitions(engine: Engine) -> dict[str, object]:
    """By dimension, all that its values follow from, but the facts."""
    return {
        name: (
            engine.calendar,
            [(value.name, value.condition) for value in values],
            {each: engine.numbers[each] for each in _reads(values)},
        )
        for name, values in engine.asked.items()
    }


def _with_what_they_ask(names: Iterable[str], engine: Engine) -> set[str]:
    found = {name for name in names if name in engine.asked}
    while more := {each for name in found for each in _asks(engine.asked[name])} - found:
        found |= more
    return found


def _of(engine: Engine, names: set[str]) -> tuple[CompiledDimension, ...]:
    return tuple(each for each in engine.dimensions if each.name in names)


def _asks(values: Iterable[Value]) -> set[str]:
    """Dimensions."""
    nodes = list(_nodes(values))
    stages = {node.dimension for node in nodes if isinstance(node, Stands)}
    return stages | {node.segment for node in nodes if isinstance(node, In)}


def _reads(values: Iterable[Value]) -> set[str]:
    """Metrics and attributes."""
    nodes = list(_nodes(values))
    told = {node.name for node in nodes if isinstance(node, Attribute)}
    return told | {metric for node in nodes for metric in metrics_of(node)}


def _nodes(values: Iterable[Value]) -> Iterable[Node]:
    return (node for value in values for node in walk(value.condition))


def _triggers(engine: Engine) -> dict[str, object]:
    return {rule.id: (engine.calendar, rule.trigger) for rule in engine.policy.rules}


def _dates(engine: Engine) -> object:
    places = {name: place for name, place in engine.numbers.items() if place in engine.date_places}
    return engine.calendar, places, [(rule.id, rule.trigger, rule.stale_after) for rule in engine.on_dates]
