"""Stays 停留: how long a member can be in a stage, a health or a segment by time alone, and rules that wait for longer.

Only ages tell: while nothing happens they rise together, until they are beyond what the value allows. Events may keep a member
there: again and again where a young age is allowed, too, else only late ones, or those that take back.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import inf

import msgspec

from lifecycle.calendars.domain import Duration, Span
from lifecycle.conditions.expressions.domain import Since, shown, walk
from lifecycle.facts.events.domain import ONCE_EVER
from lifecycle.inspections.demands.domain import in_value
from lifecycle.inspections.possibilities.domain import Possibilities, Possible, possible
from lifecycle.inspections.satisfiability.domain import TooLarge, ways
from lifecycle.inspections.worlds.domain import World, shortest
from lifecycle.policy.domain import Policy
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Held, On
from lifecycle.text.faults.domain import Fault, Text, finding

OUTLASTS = Text(
    "outlasts",
    en="after at most {days} days nobody is in {value} any more, unless an event comes late or is taken back; so {wait} is too long",
    zh="除非事件遲到或被撤銷，最多 {days} 天後就沒有人在「{value}」，所以 {wait} 太久",
)
KEPT_BY_EVENTS = Text(
    "kept_by_events",
    en="by time alone one is in {value} for at most {days} days: {wait} is reached only by who keeps doing what renews it",
    zh="若無新的行為，在「{value}」最多 {days} 天：只有持續有相關行為的人才會達到 {wait}",
)

NEVER_AGAIN = Text(
    "never_again",
    en="a cooldown of {days} days outlasts every membership: it is as good as once",
    zh="冷卻 {days} 天比任何會籍都長，等於只執行一次",
)
ONCE_ANYWAY = Text(
    "once_anyway",
    en="{event} comes once for a member, so this changes nothing",
    zh="{event} 對每位會員只發生一次，所以這裡沒有作用",
)

LONGEST_MEMBERSHIP_DAYS = 3650


class Stay(msgspec.Struct, frozen=True):
    """By the beginning of so many days after the first one nobody is there any more; None when that does not follow."""

    by_time: int | None
    """If nothing happens."""
    at_most: int | None
    """If nothing is late or taken back."""


def longest_stay(world: World, value: str) -> Stay:
    try:
        states = list(ways(world, *in_value(world, value)))
    except TooLarge:
        return Stay(None, None)
    by_time, at_most = 0.0, 0.0
    for state in states:
        like_it = [each for each in states if _may_be_next(world, state, each)]
        present = [ages for ages in _asked_ages(world) if not _age(world, state, ages).absent]
        quiet, busy = (
            [_span(world, like_it, ages) for ages in present],
            [_span(world, states, ages) for ages in present],
        )
        by_time = max(by_time, min((high - low + 1 for low, high in quiet), default=inf))
        at_most = max(at_most, min((high - low + 1 for low, high in busy if low >= 1), default=inf))
    return Stay(_whole(by_time), _whole(at_most))


def _asked_ages(world: World) -> set[tuple[str, ...]]:
    """The ages by which members stand: of one metric, or of the youngest of several."""
    values = [value.condition for dimension in world.dimensions.values() for value in dimension.values]
    asked = {
        node.metrics for each in (*values, *world.segments.values()) for node in walk(each) if isinstance(node, Since)
    }
    return asked | {(metric,) for metric in world.metrics}


def _may_be_next(world: World, one: Possibilities, other: Possibilities) -> bool:
    """Whether a member may be in both while nothing happens: what never happened has not happened then, either."""
    ages = [(_age(world, one, (name,)), _age(world, other, (name,))) for name in world.metrics]
    return all(a.absent == b.absent or (bool(a.numbers) and bool(b.numbers)) for a, b in ages)


def outlasting(policy: Policy, world: World) -> Iterator[Fault]:
    """Rules that wait for longer than the value can last."""
    for rule in policy.rules:
        trigger, path = rule.trigger, f"rules.{rule.id}.when"
        if isinstance(trigger, Held):
            yield from _outlasting(world, f"{path}.for", trigger.value, trigger.duration)
        elif isinstance(trigger, Enters) and trigger.settle is not None and rule.still:
            yield from _outlasting(world, f"{path}.settle", trigger.value, trigger.settle)


def idle_reentries(policy: Policy) -> Iterator[Fault]:
    """Ways of coming again that nothing can come by."""
    for rule in policy.rules:
        path = f"rules.{rule.id}.reenter"
        if isinstance(rule.reentry, Cooldown) and rule.reentry.days >= LONGEST_MEMBERSHIP_DAYS:
            yield finding(NEVER_AGAIN, path, "warning", days=rule.reentry.days)
        elif rule.reentry != "once" and isinstance(rule.trigger, On) and rule.trigger.event in ONCE_EVER:
            yield finding(ONCE_ANYWAY, path, "note", event=rule.trigger.event)


def _outlasting(world: World, path: str, value: str, wait: Duration) -> Iterator[Fault]:
    stay, days = longest_stay(world, value), _days(wait)
    if stay.at_most is not None and days >= stay.at_most:
        yield finding(OUTLASTS, path, "warning", value=value, wait=shown(wait), days=stay.at_most)
    elif stay.by_time is not None and days >= stay.by_time:
        yield finding(KEPT_BY_EVENTS, path, "note", value=value, wait=shown(wait), days=stay.by_time)


def _whole(days: float) -> int | None:
    return None if days == inf else int(days)


def _span(world: World, states: list[Possibilities], metrics: tuple[str, ...]) -> tuple[float, float]:
    """The least and the greatest age that they may have, in all of the states."""
    ages = [_age(world, state, metrics) for state in states]
    there = [age for age in ages if age.numbers]
    return min((age.low for age in there), default=inf), max((age.high for age in there), default=-inf)


def _age(world: World, state: Possibilities, metrics: tuple[str, ...]) -> Possible:
    """That of the youngest: no greater than any that is there for sure."""
    ages = [possible(world, state, Since((metric,))) for metric in metrics]
    low, high = min(age.low for age in ages), min((age.high for age in ages if not age.absent), default=inf)
    return Possible(((low, high),) if low < inf else (), absent=all(age.absent for age in ages))


def _days(wait: Duration) -> float:
    return shortest(wait) if isinstance(wait, Span) else wait / timedelta(days=1)
