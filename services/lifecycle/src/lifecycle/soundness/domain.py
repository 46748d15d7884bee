"""What the conditions of a policy may ask, by where they stand. Whatever breaks it is a PolicyError that names the place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from lifecycle.events.domain import EVENTS, Kind, kind_of, kinds_of
from lifecycle.expressions.domain import (
    RULES_ONLY,
    Attribute,
    Condition,
    Distinct,
    In,
    Node,
    OnBirthday,
    Said,
    Stands,
    Stayed,
    Sum,
    metrics_of,
    walk,
)
from lifecycle.filters.domain import FILTERING

BIRTHDAY, ZONE = "birthday", "tz"
"""The attributes that the calendar of a member is made of, both text: MM-DD, and the name of a time zone."""

CONSENT = "consent_"
COMMUNITY = "community"
"""The attribute of a purpose's consent is named so, and the purpose."""

WORDS = frozenset({"always", "event", "health", "holiday", "hour", "stage", "weekday"})
"""What the language says by itself; it cannot be the name of something else."""


class PolicyError(ValueError):
    pass


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What there is to ask in one part of a policy."""

    metrics: frozenset[str]
    summed: frozenset[str]
    """The metrics that sum a field."""
    distinct: frozenset[str]
    """The metrics that tell the values of a field apart."""
    attributes: Mapping[str, Kind]
    dimensions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The values of `stage` and `health`, where they may be asked."""
    segments: frozenset[str] = frozenset()
    for_rules: bool = False
    event: str | None = None
    """What triggers the rule, if an event does."""


def check(place: str, condition: Condition, scope: Scope) -> None:
    for node in walk(condition):
        for wrong in (*_wrong_metrics(node, scope), *_wrong_names(node, scope), *_wrong_in_rules(node, scope)):
            raise PolicyError(f"{place}: {node}: {wrong}")


def check_filter(place: str, condition: Condition, events: Iterable[str]) -> None:
    """Every event must have what the filter asks; also the one that retracts, or it would take back what never counted."""
    for node in walk(condition):
        if not isinstance(node, FILTERING):
            raise PolicyError(f"{place}: {node}: a filter asks the event's own fields only")
        if isinstance(node, Said):
            for event in events:
                for wrong in _wrong_said(node, event):
                    raise PolicyError(f"{place}: {node}: {wrong}")


def check_names(names: Iterable[str]) -> None:
    """Metrics, attributes, stages, health and segments share one space of names: `since(x)` is to mean one thing."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PolicyError(f"name {name!r} is used twice")
        if name in WORDS:
            raise PolicyError(f"name {name!r} is a word of the language")
        if not name.isidentifier():
            raise PolicyError(f"name {name!r}: expected letters, digits and _, and no digit first")
        seen.add(name)


def in_order(segments: Mapping[str, Condition]) -> tuple[str, ...]:
    """The segments, each after those that it asks."""
    try:
        return tuple(name for name in _asking(segments).static_order() if name in segments)
    except CycleError as error:
        raise PolicyError(f"segments: {' asks '.join(reversed(error.args[1]))}: a circle has no answer") from error


def circle(segments: Mapping[str, Condition]) -> list[str] | None:
    """Segments of which each asks the next, and the last is the first again; None when there is no such circle."""
    try:
        _asking(segments).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None


def _asking(segments: Mapping[str, Condition]) -> TopologicalSorter[str]:
    return TopologicalSorter(
        {
            name: [node.segment for node in walk(condition) if isinstance(node, In)]
            for name, condition in segments.items()
        }
    )


def _wrong_metrics(node: Node, scope: Scope) -> Iterator[str]:
    for name in metrics_of(node):
        if name not in scope.metrics:
            yield f"asks for a metric {name!r} that is not declared"
        elif isinstance(node, Sum) and name not in scope.summed:
            yield f"metric {name!r} sums no field"
        elif isinstance(node, Distinct) and name not in scope.distinct:
            yield f"metric {name!r} tells no field's values apart"


def _wrong_names(node: Node, scope: Scope) -> Iterator[str]:
    match node:
        case Attribute(name, values):
            if name == BIRTHDAY:
                yield f"write `{BIRTHDAY}` alone: whether it is today"
            elif name not in scope.attributes:
                yield f"no attribute {name!r} is declared"
            elif wrong := {kind_of(value) for value in values} - {scope.attributes[name]}:
                yield f"{name} is a {scope.attributes[name]}, not a {wrong.pop()}"
        case Stands(dimension, values):
            known = scope.dimensions.get(dimension)
            if known is None:
                yield f"{dimension} cannot be asked here: it may follow from this"
            elif unknown := sorted({*values} - known):
                yield f"no {dimension} {unknown[0]!r}"
        case In(segment) if segment not in scope.segments:
            yield f"no segment {segment!r} that can be asked here"


def _wrong_in_rules(node: Node, scope: Scope) -> Iterator[str]:
    if isinstance(node, RULES_ONLY) and not scope.for_rules:
        yield "its next change has no bound, so rules alone may ask it"
        return
    match node:
        case Stayed(value) if value not in scope.segments.union(*scope.dimensions.values()):
            yield f"no stage, health or segment {value!r}"
        case OnBirthday() if BIRTHDAY not in scope.attributes:
            yield f"needs the attribute {BIRTHDAY!r}"
        case Said() if scope.event is None:
            yield "only a rule that an event triggers has an event to ask"
        case Said():
            yield from _wrong_said(node, scope.event or "")


def _wrong_said(said: Said, event: str) -> Iterator[str]:
    kind = kinds_of(EVENTS[event]).get(said.field)
    if kind is None:
        yield f"{event} has no field {said.field!r} to compare"
    elif wrong := {kind_of(value) for value in said.values} - {kind}:
        yield f"{event}'s {said.field} is a {kind}, not a {wrong.pop()}"
    elif said.op not in {"==", "!="} and kind == "yes_no":
        yield f"{said.field} is yes or no: it has no order"
    elif said.op != "==" and len(said.values) > 1:
        yield f"{said.op} compares with one value"
