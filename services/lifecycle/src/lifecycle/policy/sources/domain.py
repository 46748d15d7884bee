"""Sources 來源: which events a policy counts, and which of their fields tell attributes."""

from typing import Annotated, get_type_hints

import msgspec

from common.contracts.event import Code
from lifecycle.conditions.expressions.domain import Always, Condition
from lifecycle.facts.domain import ATTRIBUTES
from lifecycle.facts.events.domain import EVENTS, has_moment, kinds_of
from lifecycle.policy.soundness.domain import BIRTHDAY, ZONE, PolicyError, check_filter
from lifecycle.text.labels.domain import Label

Number = Annotated[int, msgspec.Meta(ge=1, le=ATTRIBUTES)]


class Retraction(msgspec.Struct, frozen=True):
    """An event that undoes a counted one; its field `of` is the moment of what it undoes, where it lands."""

    event: str
    of: str


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    name: Code
    number: Number
    """Permanent: facts are stored under it. Never given to another metric."""
    events: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    sums: str | None = None
    retraction: Retraction | None = None
    where: Condition = Always()
    """Which of those events; asks their own fields only."""
    distinct: str | None = None
    """The field whose different values are counted."""
    title: Label | None = None

    @property
    def every_event(self) -> tuple[str, ...]:
        return self.events if self.retraction is None else (*self.events, self.retraction.event)


class AttributeSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where an attribute 屬性 of a member is told: in a field of an event, by the last one that has it."""

    name: Code
    number: Number
    """Permanent, apart from the metrics' numbers."""
    event: str
    field: str
    where: Condition = Always()
    """Which of those events; asks their own fields only."""


def check_metric(metric: Metric) -> None:
    place, retraction = f"metrics.{metric.name}", metric.retraction
    for name in metric.every_event:
        event = EVENTS.get(name)
        if event is None:
            raise PolicyError(f"{place}: no event {name!r} that happens to a member")
        if metric.sums and get_type_hints(event).get(metric.sums) is not int:
            raise PolicyError(f"{place}: {name} has no whole number {metric.sums!r} to sum")
        if metric.distinct and metric.distinct not in kinds_of(event):
            raise PolicyError(f"{place}: {name} has no field {metric.distinct!r} whose values can be told apart")
    if retraction and not has_moment(EVENTS[retraction.event], retraction.of):
        raise PolicyError(f"{place}: {retraction.event} has no moment {retraction.of!r}")
    if retraction and retraction.event in metric.events:
        raise PolicyError(f"{place}: {retraction.event} is both counted and retracted")
    if retraction and metric.distinct:
        raise PolicyError(f"{place}: distinct values cannot be taken back: another event may have had the same")
    check_filter(f"{place}.where", metric.where, metric.every_event)


def check_source(source: AttributeSource) -> None:
    place, event = f"attributes.{source.name}", EVENTS.get(source.event)
    if event is None:
        raise PolicyError(f"{place}: no event {source.event!r} that happens to a member")
    kind = kinds_of(event).get(source.field)
    if kind is None:
        raise PolicyError(f"{place}: {source.event} has no field {source.field!r} to compare")
    if source.name in {BIRTHDAY, ZONE} and kind != "text":
        raise PolicyError(f"{place}: expected a text, {source.field} is a {kind}")
    check_filter(f"{place}.where", source.where, (source.event,))
