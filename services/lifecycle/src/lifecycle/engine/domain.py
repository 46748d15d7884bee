"""The engine: a policy made ready to run. Built once per policy by whoever steps members, and shared by all of them."""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TypeVar
from zoneinfo import ZoneInfo

from common.contracts.event import Event
from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.conditions.expressions.domain import Always, Condition, Said, walk
from lifecycle.engine.outlooks.domain import Outlook, outlook
from lifecycle.facts.domain import ATTRIBUTES, Fold, Telling
from lifecycle.facts.events.domain import EVENTS, field_of
from lifecycle.facts.filters.domain import Filter, filter_of
from lifecycle.facts.measures.domain import Numbers
from lifecycle.policy.dates.domain import Dated
from lifecycle.policy.domain import Dimension, Policy, Value
from lifecycle.policy.guards.domain import SendClass
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Rule
from lifecycle.policy.soundness.domain import ZONE, in_order
from lifecycle.policy.sources.domain import AttributeSource, Metric

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class CompiledDimension:
    name: str
    values: tuple[tuple[str, Outlook], ...]
    """In the order of asking: the first that holds is the member's value."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    policy: Policy
    version: int
    """Its number, by which members, decisions and transitions name it."""
    calendar: Calendar
    numbers: Numbers
    holidays: frozenset[int]
    folds: Mapping[str, tuple[Fold | Telling, ...]]
    """By event name."""
    dimensions: tuple[CompiledDimension, ...]
    """Stage, health, and each segment for itself; each after those that its conditions ask."""
    dimension_of: Mapping[str, str]
    """A value's dimension."""
    asked: Mapping[str, tuple[Value, ...]]
    """By dimension, its values in the order of asking."""
    rules: Mapping[str, Rule]
    said: Mapping[str, tuple[str, ...]]
    """By rule, the fields of its event that its condition asks."""
    classes: Mapping[str, SendClass]
    on_event: Mapping[str, tuple[Rule, ...]]
    on_entering: Mapping[str, tuple[Rule, ...]]
    """The rules that entering a value may trigger, now or later."""
    on_leaving: Mapping[str, tuple[Rule, ...]]
    paused: frozenset[str] = frozenset()
    """Rules that do nothing for now."""
    on_dates: tuple[Rule, ...]
    date_places: tuple[int, ...]
    """The places in facts from which their dates follow."""
    undoing: Mapping[str, tuple[Rule, ...]]
    """The rules whose actions leaving a value may take back."""


def compiled(policy: Policy, *, version: int = 1) -> Engine:
    numbers = {metric.name: metric.number for metric in policy.metrics}
    numbers |= {source.name: ATTRIBUTES + source.number for source in policy.attributes}
    calendar = Calendar(ZoneInfo(policy.tz))
    dimensions = (*policy.dimensions, *_segments(policy))
    return Engine(
        policy=policy,
        version=version,
        calendar=calendar,
        numbers=numbers,
        holidays=frozenset(day.toordinal() - EPOCH for day in policy.holidays),
        folds=_grouped(
            chain(*(_folds(metric, calendar) for metric in policy.metrics), map(_telling, policy.attributes))
        ),
        dimensions=tuple(_dimension(dimension, numbers) for dimension in dimensions),
        dimension_of={value.name: dimension.name for dimension in dimensions for value in dimension.values},
        asked={dimension.name: _in_order(dimension) for dimension in dimensions},
        rules={rule.id: rule for rule in policy.rules},
        said={rule.id: _said(rule.condition) for rule in policy.rules},
        on_event=_grouped((rule.trigger.event, rule) for rule in policy.rules if isinstance(rule.trigger, On)),
        on_entering=_grouped(
            (rule.trigger.value, rule) for rule in policy.rules if isinstance(rule.trigger, Enters | Held)
        ),
        on_leaving=_grouped((rule.trigger.value, rule) for rule in policy.rules if isinstance(rule.trigger, Leaves)),
        on_dates=tuple(rule for rule in policy.rules if isinstance(rule.trigger, Dated)),
        date_places=tuple(_date_places(policy, numbers)),
        undoing=_grouped((rule.undo.leaves, rule) for rule in policy.rules if rule.undo),
        classes={each.name: each for each in policy.guards.classes},
    )


def _date_places(policy: Policy, numbers: Numbers) -> Iterable[int]:
    """Of what dates count from, and of the member's own time zone."""
    sources = {name for rule in policy.rules if (name := getattr(rule.trigger, "source", None)) is not None}
    return sorted(numbers[name] for name in sources | ({ZONE} & numbers.keys()))


def _segments(policy: Policy) -> Iterable[Dimension]:
    segments = {segment.name: segment for segment in policy.segments}
    for name in in_order({name: segment.condition for name, segment in segments.items()}):
        yield Dimension(name, "first", (segments[name],))


def _said(condition: Condition) -> tuple[str, ...]:
    return tuple(sorted({node.field for node in walk(condition) if isinstance(node, Said)}))


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for name, item in pairs:
        groups[name].append(item)
    return {name: tuple(items) for name, items in groups.items()}


def _folds(metric: Metric, calendar: Calendar) -> Iterable[tuple[str, Fold]]:
    """A counted event lands where its retraction will: on the day of the same field, when it has one."""
    amount: Callable[[Event], int] | None = operator.attrgetter(metric.sums) if metric.sums else None
    retraction = metric.retraction
    fold = partial(
        Fold,
        place=metric.number,
        calendar=calendar,
        amount=amount,
        where=_filter(metric.where),
        distinct=partial(field_of, field=metric.distinct) if metric.distinct else None,
    )
    for name in metric.events:
        shared = retraction is not None and retraction.of in EVENTS[name].__struct_fields__
        yield name, fold(sign=1, moment=_moment(retraction.of) if retraction and shared else None)
    if retraction:
        yield retraction.event, fold(sign=-1, moment=_moment(retraction.of))


def _telling(source: AttributeSource) -> tuple[str, Telling]:
    return source.event, Telling(
        place=ATTRIBUTES + source.number,
        value=partial(field_of, field=source.field),
        where=_filter(source.where),
    )


def _filter(where: Condition) -> Filter | None:
    return None if where == Always() else filter_of(where)


def _moment(field: str) -> Callable[[Event], datetime]:
    return operator.attrgetter(field)


def _dimension(dimension: Dimension, numbers: Numbers) -> CompiledDimension:
    values = tuple((value.name, outlook(value.condition, numbers)) for value in _in_order(dimension))
    return CompiledDimension(name=dimension.name, values=values)


def _in_order(dimension: Dimension) -> tuple[Value, ...]:
    return dimension.values if dimension.holds == "first" else dimension.values[::-1]
