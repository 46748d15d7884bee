"""A policy 策略: what is counted, how members stand by it, and what is done for them then. Plain data, equal by value.

A policy that could not run cannot be built: PolicyError names the place and what was expected.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

import msgspec

from common.contracts.event import Code
from lifecycle.calendars.domain import zone_named
from lifecycle.conditions.expressions.domain import Always, Condition
from lifecycle.conditions.scopes.domain import AskedIn, Counted, Scope
from lifecycle.facts.events.domain import EVENTS, kinds_of
from lifecycle.policy.dates.domain import DaysAfter, Leap, Scheduled, Yearly
from lifecycle.policy.guards.domain import Guards
from lifecycle.policy.keys.domain import MEASURES
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Per, Rule
from lifecycle.policy.soundness.domain import COMMUNITY, CONSENT, PolicyError, check, check_names, in_order
from lifecycle.policy.sources.domain import AttributeSource, Metric, check_metric, check_source
from lifecycle.text.labels.domain import Label


class Value(msgspec.Struct, frozen=True):
    """A stage, a health or a segment, and when it holds."""

    name: Code
    condition: Condition
    title: Label | None = None


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
    attributes: tuple[AttributeSource, ...] = ()
    segments: tuple[Value, ...] = ()
    """A member is in each that holds 分群."""
    holidays: tuple[date, ...] = ()
    leap_birthday: Leap = "feb28"
    """When a birthday on the 29th of February is kept in other years."""

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Those in which every member has a value."""
        return Dimension("stage", "last", self.stages), Dimension("health", "first", self.health)

    def __post_init__(self) -> None:
        _check_types(self)
        if zone_named(self.tz) is None:
            raise PolicyError(f"tz: {self.tz!r} is no time zone")
        values = (*self.stages, *self.health, *self.segments)
        check_names(
            [
                *(metric.name for metric in self.metrics),
                *(source.name for source in self.attributes),
                *(value.name for value in values),
            ]
        )
        _check_unique("metrics: number", [str(metric.number) for metric in self.metrics])
        _check_unique("attributes: number", [str(source.number) for source in self.attributes])
        _check_unique("rules: id", [rule.id for rule in self.rules])
        for metric in self.metrics:
            check_metric(metric)
        for source in self.attributes:
            check_source(source)
        _check_total(self)
        for rule in self.rules:
            _check_trigger(rule, {value.name for value in values})
            _check_dates(self, rule)
            _check_reentry(self, rule)
        for place, condition, scope in _conditions(self):
            check(place, condition, scope)
        _check_guards(self)
        in_order({segment.name: segment.condition for segment in self.segments})


def _check_types(policy: Policy) -> None:
    """The types are the grammar, also for what was built without a type checker."""
    for field in msgspec.structs.fields(policy):
        try:
            msgspec.convert(msgspec.to_builtins(getattr(policy, field.name)), field.type)
        except msgspec.ValidationError as error:
            raise PolicyError(f"{field.encode_name}: {error}") from error


def _check_unique(what: str, given: list[str]) -> None:
    for each in given:
        if given.count(each) > 1:
            raise PolicyError(f"{what} {each!r} is used twice")


def _check_total(policy: Policy) -> None:
    if not policy.stages or policy.stages[0].condition != Always():
        raise PolicyError("stages: the first must hold always, so that every member has a stage")
    if not policy.health or policy.health[-1].condition != Always():
        raise PolicyError("health: the last must hold always, so that every member has a health")


def _check_guards(policy: Policy) -> None:
    kinds = {source.name: kinds_of(EVENTS[source.event])[source.field] for source in policy.attributes}
    for each in policy.guards.classes:
        if each.consent is not None and kinds.get(f"{CONSENT}{each.consent}") != "yes_no":
            raise PolicyError(
                f"guards.classes.{each.name}: needs an attribute {CONSENT}{each.consent} that is yes or no"
            )
    holdout = policy.guards.holdout
    if holdout is not None and holdout.unit == "community" and kinds.get(COMMUNITY) != "text":
        raise PolicyError(f"guards.holdout: to hold out communities needs an attribute {COMMUNITY}, a text")


def _conditions(policy: Policy) -> Iterator[tuple[str, Condition, Scope]]:
    parts: tuple[tuple[AskedIn, tuple[Value, ...]], ...] = (
        ("stages", policy.stages),
        ("health", policy.health),
        ("segments", policy.segments),
    )
    for part, values in parts:
        yield from ((f"{part}.{value.name}", value.condition, _scope(policy, part)) for value in values)
    rules = _scope(policy, "rules")
    for each in policy.guards.classes:
        if each.refuse_if is not None:
            yield f"guards.classes.{each.name}", each.refuse_if, rules
    for rule in policy.rules:
        fields = kinds_of(EVENTS[rule.trigger.event]) if isinstance(rule.trigger, On) else {}
        yield f"rules.{rule.id}", rule.condition, replace(rules, fields=fields)


def _scope(policy: Policy, asked_in: AskedIn) -> Scope:
    return Scope(
        asked_in=asked_in,
        metrics={
            each.name: Counted(sums=each.sums is not None, distinct=each.distinct is not None, events=each.events)
            for each in policy.metrics
        },
        attributes={each.name: kinds_of(EVENTS[each.event])[each.field] for each in policy.attributes},
        stages=tuple(value.name for value in policy.stages),
        health=tuple(value.name for value in policy.health),
        segments=tuple(value.name for value in policy.segments),
        holidays=bool(policy.holidays),
    )


def _check_trigger(rule: Rule, values: set[str]) -> None:
    match rule.trigger:
        case On(event):
            if event not in EVENTS:
                raise PolicyError(f"rules.{rule.id}: no event {event!r} that happens to a member")
        case Enters(value) | Leaves(value) | Held(value):
            for name in (value, *getattr(rule.trigger, "coming_from", ())):
                if name not in values:
                    raise PolicyError(f"rules.{rule.id}: no stage, health or segment {name!r}")
    if rule.undo and rule.undo.leaves not in values:
        raise PolicyError(f"rules.{rule.id}: no stage, health or segment {rule.undo.leaves!r} to leave")
    if rule.undo and rule.undo.by not in {None, *EVENTS}:
        raise PolicyError(f"rules.{rule.id}: no event {rule.undo.by!r} that happens to a member")


def _check_dates(policy: Policy, rule: Rule) -> None:
    match rule.trigger:
        case DaysAfter(metric=name) if name not in {metric.name for metric in policy.metrics}:
            raise PolicyError(f"rules.{rule.id}: no metric {name!r} to count days from")
        case Yearly(attribute=name) if name not in {source.name for source in policy.attributes}:
            raise PolicyError(f"rules.{rule.id}: no attribute {name!r} that tells a day of the year")
        case Scheduled(weekdays=(), month_day=None):
            raise PolicyError(f"rules.{rule.id}: a schedule without a day")


def _check_reentry(policy: Policy, rule: Rule) -> None:
    if not isinstance(rule.reentry, Per):
        return
    known = kinds_of(EVENTS[rule.trigger.event]) if isinstance(rule.trigger, On) else {}
    for field in rule.reentry.fields:
        metric, _, measure = field.rpartition(".")
        if metric and (metric not in {each.name for each in policy.metrics} or measure not in MEASURES):
            raise PolicyError(f"rules.{rule.id}: {field!r} is nothing that a metric has once")
        if not metric and field not in known:
            raise PolicyError(f"rules.{rule.id}: no field {field!r} of an event that triggers it")
