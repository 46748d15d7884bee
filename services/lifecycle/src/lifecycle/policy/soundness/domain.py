"""What the conditions of a policy may ask, by where they stand. Whatever breaks it is a PolicyError that names the place."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from lifecycle.conditions.expressions.domain import (
    RULES_ONLY,
    Attribute,
    Condition,
    Distinct,
    Gap,
    Hour,
    In,
    Node,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Said,
    Stands,
    Stayed,
    Sum,
    metrics_of,
    walk,
)
from lifecycle.conditions.scopes.domain import ALLOWED, RESERVED, Construct, Kind, Scope
from lifecycle.facts.events.domain import EVENTS, kind_of, kinds_of
from lifecycle.facts.filters.domain import FILTERING

BIRTHDAY, ZONE = "birthday", "tz"
"""The attributes that the calendar of a member is made of, both text: MM-DD, and the name of a time zone."""

CONSENT = "consent_"
COMMUNITY = "community"
"""The attribute of a purpose's consent is named so, and the purpose."""


class PolicyError(ValueError):
    pass


def check(place: str, condition: Condition, scope: Scope) -> None:
    for node in walk(condition):
        for wrong in (*_wrong_place(node, scope), *_wrong_metrics(node, scope), *_wrong_names(node, scope)):
            raise PolicyError(f"{place}: {node}: {wrong}")


def check_filter(place: str, condition: Condition, events: Iterable[str]) -> None:
    """Every event must have what the filter asks; also the one that retracts, or it would take back what never counted."""
    for node in walk(condition):
        if not isinstance(node, FILTERING):
            raise PolicyError(f"{place}: {node}: a filter asks the event's own fields only")
        if isinstance(node, Said):
            for event in events:
                for wrong in _wrong_said(node, kinds_of(EVENTS[event]), event):
                    raise PolicyError(f"{place}: {node}: {wrong}")


def check_names(names: Iterable[str]) -> None:
    """Metrics, attributes, stages, health and segments share one space of names: `since(x)` is to mean one thing."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PolicyError(f"name {name!r} is used twice")
        if name in RESERVED:
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


def _wrong_place(node: Node, scope: Scope) -> Iterator[str]:
    construct = _construct_of(node)
    if scope.asked_in in ALLOWED[construct]:
        return
    if isinstance(node, RULES_ONLY):
        yield "its next change has no bound, so rules alone may ask it"
    else:
        yield f"{construct} cannot be asked here: it may follow from this"


def _construct_of(node: Node) -> Construct:
    match node:
        case Stands(dimension):
            return dimension
        case In():
            return "segment"
        case Hour() | OnWeekday():
            return "clock"
        case OnHoliday() | OnBirthday():
            return "calendar"
        case Stayed():
            return "stayed"
        case Gap():
            return "gap"
        case Said():
            return "event"
    return "facts"


def _wrong_metrics(node: Node, scope: Scope) -> Iterator[str]:
    for name in metrics_of(node):
        counted = scope.metrics.get(name)
        if counted is None:
            yield f"asks for a metric {name!r} that is not declared"
        elif isinstance(node, Sum) and not counted.sums:
            yield f"metric {name!r} sums no field"
        elif isinstance(node, Distinct) and not counted.distinct:
            yield f"metric {name!r} tells no field's values apart"


def _wrong_names(node: Node, scope: Scope) -> Iterator[str]:
    match node:
        case Attribute(name):
            yield from _wrong_attribute(node, scope.attributes.get(name))
        case Stands(dimension, values):
            known = scope.stages if dimension == "stage" else scope.health
            if unknown := sorted({*values}.difference(known)):
                yield f"no {dimension} {unknown[0]!r}"
        case In(segment) if segment not in scope.segments:
            yield f"no segment {segment!r}"
        case Stayed(value) if value not in {*scope.stages, *scope.health, *scope.segments}:
            yield f"no stage, health or segment {value!r}"
        case OnBirthday() if BIRTHDAY not in scope.attributes:
            yield f"needs the attribute {BIRTHDAY!r}"
        case Said() if not scope.fields:
            yield "only a rule that an event triggers has an event to ask"
        case Said():
            yield from _wrong_said(node, scope.fields, "the event")


def _wrong_attribute(node: Attribute, kind: Kind | None) -> Iterator[str]:
    if node.name == BIRTHDAY:
        yield f"write `{BIRTHDAY}` alone: whether it is today"
    elif kind is None:
        yield f"no attribute {node.name!r} is declared"
    elif wrong := {kind_of(value) for value in node.values} - {kind}:
        yield f"{node.name} is a {kind}, not a {wrong.pop()}"


def _wrong_said(said: Said, fields: Mapping[str, Kind], event: str) -> Iterator[str]:
    kind = fields.get(said.field)
    if kind is None:
        yield f"{event} has no field {said.field!r} to compare"
    elif wrong := {kind_of(value) for value in said.values} - {kind}:
        yield f"{event}'s {said.field} is a {kind}, not a {wrong.pop()}"
    elif said.op not in {"==", "!="} and kind == "yes_no":
        yield f"{said.field} is yes or no: it has no order"
    elif said.op != "==" and len(said.values) > 1:
        yield f"{said.op} compares with one value"
