"""Conditions as typed trees over a member's facts.

The types are the grammar: what would leave the next change of a standing without a bound (the hour, the weekday, one age
against another, an age equal to something) has no node, so it cannot be built. An absent value (the age of what never
happened, the pace of a single day) compares false.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from lifecycle.calendars.domain import Span

Order = Literal[">", ">=", "<", "<="]
Comparison = Literal[">", ">=", "<", "<=", "==", "!="]


class Node(msgspec.Struct, frozen=True, tag=str.lower, tag_field="node"):
    """Its `str` is how an operator writes it: `orders.count(30d) >= 2 and since(chat) > 7d`."""


class Windowed(Node, frozen=True):
    """Something of a metric within a window that ends today, or over all time."""

    metric: str
    window: Span | None = None

    def __str__(self) -> str:
        return f"{self.metric}.{type(self).__name__.lower()}({self.window or 'all'})"


class Count(Windowed, frozen=True):
    """Events, less the retracted."""


class Sum(Windowed, frozen=True):
    """The summed field of those events."""


class Days(Windowed, frozen=True):
    """Distinct days that keep at least one event."""


class Pace(Node, frozen=True):
    """Mean days between the distinct days of a metric, times a whole number; absent before the second day."""

    metric: str
    times: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1

    def __str__(self) -> str:
        return f"{self.metric}.pace" if self.times == 1 else f"{self.times} * {self.metric}.pace"


class Since(Node, frozen=True):
    """Days since the latest day of any of these metrics; absent when there is none."""

    metrics: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return f"since({', '.join(self.metrics)})"


class Clamp(Node, frozen=True):
    """A pace held between two spans; absent when the pace is."""

    value: Pace
    low: Span
    high: Span

    def __str__(self) -> str:
        return f"clamp({self.value}, {self.low}, {self.high})"


Measure = Count | Sum | Days | Pace
Bound = Span | Pace | Clamp


class Compare(Node, frozen=True):
    left: Measure
    op: Comparison
    right: int

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


class Aged(Node, frozen=True):
    left: Since
    op: Order
    right: Bound

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


class Never(Node, frozen=True):
    """None of these metrics keeps a day."""

    metrics: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return f"never({', '.join(self.metrics)})"


class Always(Node, frozen=True):
    def __str__(self) -> str:
        return "always"


class And(Node, frozen=True):
    conditions: Annotated[tuple["Condition", ...], msgspec.Meta(min_length=2)]

    def __str__(self) -> str:
        return " and ".join(_within(child, Or) for child in self.conditions)


class Or(Node, frozen=True):
    conditions: Annotated[tuple["Condition", ...], msgspec.Meta(min_length=2)]

    def __str__(self) -> str:
        return " or ".join(map(str, self.conditions))


class Not(Node, frozen=True):
    condition: "Condition"

    def __str__(self) -> str:
        return f"not {_within(self.condition, And, Or)}"


Condition = Compare | Aged | Never | Always | And | Or | Not
Leaf = Count | Sum | Days | Pace | Since | Span
"""What has a value on a day. A span is one for its months, whose length depends on the day."""


def walk(node: Node) -> Iterator[Node]:
    """The node and every node below it."""
    yield node
    below: tuple[Node | Span, ...] = ()
    match node:
        case Compare(left):
            below = (left,)
        case Aged(left, _, right):
            below = (left, right)
        case Clamp(value):
            below = (value,)
        case And(conditions) | Or(conditions):
            below = conditions
        case Not(condition):
            below = (condition,)
    for child in below:
        if isinstance(child, Node):
            yield from walk(child)


def metrics_of(node: Node) -> tuple[str, ...]:
    """The metrics that this node itself names."""
    match node:
        case Windowed(metric) | Pace(metric):
            return (metric,)
        case Since(metrics) | Never(metrics):
            return metrics
    return ()


def _within(child: Condition, *looser: type[Node]) -> str:
    return f"({child})" if isinstance(child, looser) else str(child)
