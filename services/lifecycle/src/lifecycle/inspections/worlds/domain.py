"""A world 世界: what a policy says about what can be of any member, for whoever reasons about its conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import get_type_hints

from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Condition
from lifecycle.facts.events.domain import EVENTS, Kind, kinds_of
from lifecycle.policy.domain import Dimension, Policy
from lifecycle.policy.sources.domain import Metric

SHORTEST_MONTH, LONGEST_MONTH = 28, 31


@dataclass(frozen=True, kw_only=True)
class World:
    """What a policy says about what can be."""

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Of attributes."""
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    """Stage and health."""
    segments: Mapping[str, Condition] = field(default_factory=dict)
    holidays: bool = False


def world_of(policy: Policy) -> World:
    return World(
        metrics={metric.name: metric for metric in policy.metrics},
        kinds={source.name: kinds_of(EVENTS[source.event])[source.field] for source in policy.attributes},
        dimensions={dimension.name: dimension for dimension in policy.dimensions},
        segments={segment.name: segment.condition for segment in policy.segments},
        holidays=bool(policy.holidays),
    )


def shortest(window: Span | None) -> float:
    """The days of a window, at the least."""
    return _length(window, SHORTEST_MONTH)


def longest(window: Span | None) -> float:
    return _length(window, LONGEST_MONTH)


def _length(window: Span | None, month: int) -> float:
    return inf if window is None else window.n * {"d": 1, "w": 7, "mo": month}[window.unit]


def only_grows(world: World, metric: str) -> bool:
    return world.metrics[metric].retraction is None


def sums_only_grow(world: World, metric: str) -> bool:
    counted = world.metrics[metric]
    hints = [get_type_hints(EVENTS[event], include_extras=True).get(counted.sums or "") for event in counted.events]
    return counted.retraction is None and all(
        any((meta.ge or 0) >= 0 and meta.ge is not None for meta in getattr(hint, "__metadata__", ())) for hint in hints
    )
