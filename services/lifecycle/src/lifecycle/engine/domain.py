"""The engine: a policy made ready to run. Built once per policy by whoever steps members, and shared by all of them."""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from common.contracts.event import Event
from lifecycle.calendars.domain import Calendar
from lifecycle.facts.domain import Fold
from lifecycle.guards.domain import SendClass
from lifecycle.measures.domain import Numbers
from lifecycle.outlooks.domain import Outlook, outlook
from lifecycle.policy.domain import EVENTS, Dimension, Metric, Policy
from lifecycle.rulebook.domain import Enters, Held, Leaves, On, Rule

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class CompiledDimension:
    name: str
    values: tuple[tuple[str, Outlook], ...]
    """In the order of asking: the first that holds is the member's value."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    policy: Policy
    calendar: Calendar
    numbers: Numbers
    folds: Mapping[str, tuple[Fold, ...]]
    """By event name."""
    dimensions: tuple[CompiledDimension, ...]
    dimension_of: Mapping[str, str]
    """A value's dimension."""
    rules: Mapping[str, Rule]
    classes: Mapping[str, SendClass]
    on_event: Mapping[str, tuple[Rule, ...]]
    on_entering: Mapping[str, tuple[Rule, ...]]
    """The rules that entering a value may trigger, now or later."""
    on_leaving: Mapping[str, tuple[Rule, ...]]


def compiled(policy: Policy) -> Engine:
    numbers = {metric.name: metric.number for metric in policy.metrics}
    return Engine(
        policy=policy,
        calendar=Calendar(ZoneInfo(policy.tz)),
        numbers=numbers,
        folds=_grouped(fold for metric in policy.metrics for fold in _folds(metric)),
        dimensions=tuple(_dimension(dimension, numbers) for dimension in policy.dimensions),
        dimension_of={value.name: dimension.name for dimension in policy.dimensions for value in dimension.values},
        rules={rule.id: rule for rule in policy.rules},
        on_event=_grouped((rule.trigger.event, rule) for rule in policy.rules if isinstance(rule.trigger, On)),
        on_entering=_grouped(
            (rule.trigger.value, rule) for rule in policy.rules if isinstance(rule.trigger, Enters | Held)
        ),
        on_leaving=_grouped((rule.trigger.value, rule) for rule in policy.rules if isinstance(rule.trigger, Leaves)),
        classes={each.name: each for each in policy.guards.classes},
    )


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for name, item in pairs:
        groups[name].append(item)
    return {name: tuple(items) for name, items in groups.items()}


def _folds(metric: Metric) -> Iterable[tuple[str, Fold]]:
    """A counted event lands where its retraction will: on the day of the same field, when it has one."""
    amount: Callable[[Event], int] | None = operator.attrgetter(metric.sums) if metric.sums else None
    retraction = metric.retraction
    for name in metric.events:
        shared = retraction is not None and retraction.of in EVENTS[name].__struct_fields__
        moment = _moment(retraction.of) if retraction and shared else None
        yield name, Fold(metric=metric.number, sign=1, moment=moment, amount=amount)
    if retraction:
        yield retraction.event, Fold(metric=metric.number, sign=-1, moment=_moment(retraction.of), amount=amount)


def _moment(field: str) -> Callable[[Event], datetime]:
    return operator.attrgetter(field)


def _dimension(dimension: Dimension, numbers: Numbers) -> CompiledDimension:
    values = [(value.name, outlook(value.condition, numbers)) for value in dimension.values]
    return CompiledDimension(
        name=dimension.name, values=tuple(values if dimension.holds == "first" else reversed(values))
    )
