"""A scope 範圍: what a condition may name, as the policy declares it, and where in the policy it is asked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from lifecycle.conditions.expressions.domain import Weekday

Kind = Literal["text", "number", "yes_no", "day"]
"""Of an attribute or a field. A day is compared as the text `YYYY-MM-DD`."""
AskedIn = Literal["stages", "health", "segments", "rules", "where"]
"""`where` is the filter of a metric."""
Construct = Literal["facts", "stage", "health", "segment", "clock", "calendar", "stayed", "gap", "event"]
"""What a condition may be made of."""
Noun = Literal["metric", "attribute", "stage", "health", "segment", "field", "weekday"]

RESERVED = frozenset(
    {"all", "always", "and", "clamp", "consent", "event", "false", "health", "holiday", "hour", "in", "never", "no"}
    | {"not", "or", "since", "stage", "true", "weekday", "yes"}
)
"""Nothing that a policy declares may be called so, in small letters or in capitals."""


_STANDING: frozenset[AskedIn] = frozenset({"stages", "health", "segments", "rules"})
_RULES: frozenset[AskedIn] = frozenset({"rules"})
ALLOWED: Mapping[Construct, frozenset[AskedIn]] = {
    "facts": _STANDING,
    "stage": _STANDING - {"stages"},
    "health": _STANDING - {"stages", "health"},
    "segment": _STANDING - {"stages", "health"},
    "clock": _RULES,
    "calendar": _RULES,
    "stayed": _RULES,
    "gap": _RULES,
    "event": _RULES | {"where"},
}
"""Where each may be asked: stages are found first, then health, then segments; `refusals` says why."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a metric has beside a count and days, and the events that it counts."""

    sums: bool = False
    distinct: bool = False
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Names are ASCII letters, digits and `_`. A metric should not be called as a stage, a health or a segment is."""

    asked_in: AskedIn
    metrics: Mapping[str, Counted] = field(default_factory=dict)
    attributes: Mapping[str, Kind] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    fields: Mapping[str, Kind] = field(default_factory=dict)
    """Of the event that triggers the rule, or that the metric counts."""
    holidays: bool = False
    """Whether the policy lists its holidays."""

    @cached_property
    def names(self) -> Mapping[Noun, Collection[str]]:
        return {
            "metric": self.metrics,
            "attribute": self.attributes,
            "stage": self.stages,
            "health": self.health,
            "segment": self.segments,
            "field": self.fields,
            "weekday": get_args(Weekday),
        }
