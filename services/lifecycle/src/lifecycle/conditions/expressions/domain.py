"""Conditions as typed trees over what is known of a member.

Stages, health and segments may ask only what has a bounded next change: counts and ages by the business day, attributes, and
one another. What would leave it without a bound (the hour, the weekday, one age against another, elapsed hours, the event at
hand) is for rules alone: RULES_ONLY. An absent value (the age of what never happened, the pace of a single day, an attribute
nobody told) compares false.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from lifecycle.calendars.domain import Duration, Span

Order = Literal[">", ">=", "<", "<="]
Comparison = Literal[">", ">=", "<", "<=", "==", "!="]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Plain = str | int | bool
"""What an attribute or a field of an event may be compared with."""


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


class Distinct(Node, frozen=True):
    """Distinct values of the metric's `distinct` field, over all time; more than the most that are kept count as that many."""

    metric: str

    def __str__(self) -> str:
        return f"{self.metric}.distinct"


class Streak(Node, frozen=True):
    """Days in a row with the metric, up to its last day; 0 when there is none."""

    metric: str

    def __str__(self) -> str:
        return f"{self.metric}.streak"


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


Measure = Count | Sum | Days | Distinct | Streak | Pace
Bound = Span | Pace | Clamp


class Compare(Node, frozen=True):
    left: Measure
    op: Comparison
    right: int

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


class Among(Node, frozen=True):
    """The measure is one of these numbers."""

    left: Measure
    values: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return f"{self.left} in {_listed(self.values)}"


class Between(Node, frozen=True):
    """The measure is in a range, both ends included."""

    left: Measure
    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.left} in {self.low}..{self.high}"


class Attribute(Node, frozen=True):
    """What was last told of the member is one of these values; with several, in a list."""

    name: str
    values: Annotated[tuple[Plain, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return _is_one_of(self.name, self.values)


class Stands(Node, frozen=True):
    """The member is in one of these stages, or has one of these healths."""

    dimension: Literal["stage", "health"]
    values: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return (
            f"{self.dimension} == {self.values[0]}"
            if len(self.values) == 1
            else f"{self.dimension} in [{', '.join(self.values)}]"
        )


class In(Node, frozen=True):
    """The member is in the segment."""

    segment: str

    def __str__(self) -> str:
        return f"in({self.segment})"


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


class Hour(Node, frozen=True):
    """The hour of the day in the member's time zone is in a range, both ends included; past midnight when low > high."""

    low: Annotated[int, msgspec.Meta(ge=0, le=23)]
    high: Annotated[int, msgspec.Meta(ge=0, le=23)]

    def __str__(self) -> str:
        return f"hour in {self.low}..{self.high}"


class OnWeekday(Node, frozen=True):
    """It is one of these days of the week for the member."""

    days: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        return f"weekday in [{', '.join(self.days)}]"


class OnHoliday(Node, frozen=True):
    """The business day is on the policy's list of holidays."""

    def __str__(self) -> str:
        return "holiday"


class OnBirthday(Node, frozen=True):
    """It is the member's birthday, in their time zone."""

    def __str__(self) -> str:
        return "birthday"


class Stayed(Node, frozen=True):
    """How long ago the member entered a stage, a health or a segment for the last time; absent when never."""

    value: str
    op: Order
    right: Duration

    def __str__(self) -> str:
        return f"since({self.value}) {self.op} {shown(self.right)}"


class Gap(Node, frozen=True):
    """Days from one last day to another: one age less another."""

    left: Since
    right: Since
    op: Comparison
    bound: Span

    def __str__(self) -> str:
        return f"{self.left} - {self.right} {self.op} {self.bound}"


class Said(Node, frozen=True):
    """A field of the event that triggers, compared; with `==` and several values, in a list."""

    field: str
    op: Comparison
    values: Annotated[tuple[Plain, ...], msgspec.Meta(min_length=1)]

    def __str__(self) -> str:
        left = f"event.{self.field}"
        return _is_one_of(left, self.values) if self.op == "==" else f"{left} {self.op} {written(self.values[0])}"


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


Standing = Compare | Among | Between | Attribute | Stands | In | Aged | Never | Always
RulesOnly = Hour | OnWeekday | OnHoliday | OnBirthday | Stayed | Gap | Said
Condition = Standing | RulesOnly | And | Or | Not
RULES_ONLY: tuple[type[Node], ...] = (Hour, OnWeekday, OnHoliday, OnBirthday, Stayed, Gap, Said)
Leaf = Count | Sum | Days | Distinct | Streak | Pace | Since | Span
"""What has a value on a day. A span is one for its months, whose length depends on the day."""


def walk(node: Node) -> Iterator[Node]:
    """The node and every node below it."""
    yield node
    below: tuple[Node | Span, ...] = ()
    match node:
        case Compare(left) | Among(left) | Between(left):
            below = (left,)
        case Aged(left, _, right) | Gap(left, right):
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
        case Windowed(metric) | Distinct(metric) | Streak(metric) | Pace(metric):
            return (metric,)
        case Since(metrics) | Never(metrics):
            return metrics
    return ()


def shown(duration: Duration) -> str:
    """As an operator writes it: `7d`, `36h`, `90m`."""
    if isinstance(duration, Span):
        return str(duration)
    minutes = duration // timedelta(minutes=1)
    return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"


def written(value: Plain) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else msgspec.json.encode(value).decode()


def _is_one_of(left: str, values: tuple[Plain, ...]) -> str:
    return f"{left} == {written(values[0])}" if len(values) == 1 else f"{left} in {_listed(values)}"


def _listed(values: tuple[Plain, ...]) -> str:
    return f"[{', '.join(map(written, values))}]"


def _within(child: Condition, *looser: type[Node]) -> str:
    return f"({child})" if isinstance(child, looser) else str(child)
