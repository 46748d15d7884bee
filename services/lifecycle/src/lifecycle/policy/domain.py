"""A policy 策略: what is counted, how members stand by it, and what is done for them then. Plain data, equal by value.

A policy that could not run cannot be built: PolicyError names the place and what was expected.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from common.contracts.event import Code, Event
from common.contracts.topics import CATALOGUE
from lifecycle.expressions.domain import Always, Condition, Sum, metrics_of, walk
from lifecycle.guards.domain import Guards
from lifecycle.rulebook.domain import Enters, Held, Leaves, On, Rule

EVENTS: dict[str, type[Event]] = {
    event.NAME: event
    for event in CATALOGUE.values()
    if event.SUBJECT == "member_id" and event.producer() != "lifecycle"
}
"""The events that happen to a member, by the name that policies use; not the lifecycle's own, or a rule would feed itself."""


class PolicyError(ValueError):
    pass


class Retraction(msgspec.Struct, frozen=True):
    """An event that undoes a counted one; its field `of` is the moment of what it undoes, where it lands."""

    event: str
    of: str


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    name: Code
    number: Annotated[int, msgspec.Meta(ge=1, le=127)]
    """Permanent: facts are stored under it. Never given to another metric."""
    events: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    sums: str | None = None
    retraction: Retraction | None = None


class Value(msgspec.Struct, frozen=True):
    """A stage or a health, and when it holds."""

    name: Code
    condition: Condition


class Dimension(msgspec.Struct, frozen=True):
    """One way in which a member stands: the first, or the last, of its values that holds."""

    name: str
    holds: Literal["first", "last"]
    values: tuple[Value, ...]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    name: Code
    tz: str
    """The business calendar's time zone."""
    metrics: tuple[Metric, ...]
    stages: tuple[Value, ...]
    """The last that holds; the first always does."""
    health: tuple[Value, ...]
    """The first that holds; the last always does."""
    guards: Guards = Guards()
    rules: tuple[Rule, ...] = ()

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return Dimension("stage", "last", self.stages), Dimension("health", "first", self.health)

    def __post_init__(self) -> None:
        _check_types(self)
        _check_zone(self.tz)
        for what, names in {
            "metrics: name": [metric.name for metric in self.metrics],
            "metrics: number": [str(metric.number) for metric in self.metrics],
            "stages and health: name": [value.name for value in (*self.stages, *self.health)],
            "rules: id": [rule.id for rule in self.rules],
        }.items():
            _check_distinct(what, names)
        for metric in self.metrics:
            _check_metric(metric)
        _check_total(self)
        for place, condition in _conditions(self):
            _check_condition(place, condition, self.metrics)
        for rule in self.rules:
            _check_trigger(rule, {value.name for value in (*self.stages, *self.health)})


def _check_types(policy: Policy) -> None:
    """The types are the grammar, also for what was built without a type checker."""
    for field in msgspec.structs.fields(policy):
        try:
            msgspec.convert(msgspec.to_builtins(getattr(policy, field.name)), field.type)
        except msgspec.ValidationError as error:
            raise PolicyError(f"{field.encode_name}: {error}") from error


def _check_zone(tz: str) -> None:
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PolicyError(f"tz: {tz!r} is no time zone") from error


def _check_distinct(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise PolicyError(f"{what} {name!r} is used twice")


def _check_metric(metric: Metric) -> None:
    retraction = metric.retraction
    for name in (*metric.events, *([retraction.event] if retraction else [])):
        event = EVENTS.get(name)
        if event is None:
            raise PolicyError(f"metrics.{metric.name}: no event {name!r} that happens to a member")
        kinds = get_type_hints(event)
        if metric.sums and kinds.get(metric.sums) is not int:
            raise PolicyError(f"metrics.{metric.name}: {name} has no whole number {metric.sums!r} to sum")
        if retraction and name == retraction.event and kinds.get(retraction.of) is not datetime:
            raise PolicyError(f"metrics.{metric.name}: {name} has no moment {retraction.of!r}")
    if retraction and retraction.event in metric.events:
        raise PolicyError(f"metrics.{metric.name}: {retraction.event} is both counted and retracted")


def _check_total(policy: Policy) -> None:
    if not policy.stages or policy.stages[0].condition != Always():
        raise PolicyError("stages: the first must hold always, so that every member has a stage")
    if not policy.health or policy.health[-1].condition != Always():
        raise PolicyError("health: the last must hold always, so that every member has a health")


def _conditions(policy: Policy) -> Iterable[tuple[str, Condition]]:
    for place, values in (("stages", policy.stages), ("health", policy.health)):
        yield from ((f"{place}.{value.name}", value.condition) for value in values)
    yield from ((f"rules.{rule.id}", rule.condition) for rule in policy.rules)


def _check_condition(place: str, condition: Condition, metrics: tuple[Metric, ...]) -> None:
    known = {metric.name: metric for metric in metrics}
    for node in walk(condition):
        for name in metrics_of(node):
            if name not in known:
                raise PolicyError(f"{place}: {node} asks for a metric {name!r} that is not declared")
            if isinstance(node, Sum) and known[name].sums is None:
                raise PolicyError(f"{place}: {node}: metric {name!r} sums no field")


def _check_trigger(rule: Rule, values: set[str]) -> None:
    match rule.trigger:
        case On(event):
            if event not in EVENTS:
                raise PolicyError(f"rules.{rule.id}: no event {event!r} that happens to a member")
        case Enters(value) | Leaves(value) | Held(value):
            for name in (value, *getattr(rule.trigger, "coming_from", ())):
                if name not in values:
                    raise PolicyError(f"rules.{rule.id}: no stage or health {name!r}")
