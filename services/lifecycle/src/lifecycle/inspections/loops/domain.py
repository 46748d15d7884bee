"""Loops 迴圈: rules that are triggered by what they cause themselves, or one another in turn.

An action has an outcome, which is an event. It triggers rules that wait for it; it is counted by metrics and tells attributes,
and stages, healths and segments that ask for those may change by it, which triggers rules, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common.contracts.engagement import (
    MessageRefused,
    MessageSent,
    TaskOpened,
    TaskRefused,
    WebhookDelivered,
    WebhookRefused,
)
from common.contracts.lifecycle import Action, AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from common.contracts.members import CouponIssued, PointsEarned, RewardGranted, RewardRefused
from lifecycle.conditions.expressions.domain import Attribute, In, Node, Plain, Said, Stands, metrics_of, walk
from lifecycle.inspections.bottlenecks.domain import limits
from lifecycle.inspections.demands.domain import Wanted
from lifecycle.inspections.reachability.domain import awaited
from lifecycle.inspections.satisfiability.domain import always_holds, can_hold
from lifecycle.inspections.worlds.domain import World
from lifecycle.policy.domain import Policy
from lifecycle.policy.rulebook.domain import On, Rule
from lifecycle.text.faults.domain import Fault, Text, finding

ENDLESS = Text(
    "loop_endless",
    en="what this causes triggers it again, without end: {circle}; nothing bounds it, neither re-entry nor a cap",
    zh="自身的結果會再次觸發自己，沒有盡頭：{circle}；沒有再次進入或上限的限制",
)
MAY_LOOP = Text(
    "loop_possible",
    en="what this causes may trigger it again: {circle}; see that something ends it",
    zh="自身的結果可能再次觸發自己：{circle}；請確認會停止",
)
LOOP_ENDS = Text(
    "loop_ends",
    en="what this causes may come back to it, and ends there, because {rule} acts once: {circle}",
    zh="自身的結果可能回到自己，但因「{rule}」只執行一次而停止：{circle}",
)


@dataclass(frozen=True)
class Outcome:
    """An event that an action brings, and what is known of its fields."""

    event: str
    fields: tuple[tuple[str, Plain], ...]
    is_certain: bool = True
    """Whether it comes whenever the action is carried out."""


@dataclass(frozen=True)
class Link:
    """One rule triggers another, by an event that is told to it or that moves a member."""

    rule: Rule
    by: tuple[str, ...]
    is_certain: bool


def loops(policy: Policy, world: World) -> Iterator[Fault]:
    """Each circle of rules once, at the rule that stands first in the document."""
    caused = {rule.id: [outcome for action in rule.actions for outcome in outcomes(action)] for rule in policy.rules}
    by_outcome = {
        outcome: (*_told_to(policy, world, outcome), *_moving(policy, world, outcome))
        for outcome in {outcome for each in caused.values() for outcome in each}
    }
    links = {
        rule: _certain_first(link for outcome in each for link in by_outcome[outcome]) for rule, each in caused.items()
    }
    seen: set[frozenset[str]] = set()
    for rule in policy.rules:
        circle = _circle(links, rule)
        rules = frozenset(link.rule.id for link in circle)
        if circle and rules not in seen:
            seen.add(rules)
            yield _told(policy, rule, circle)


def _told(policy: Policy, rule: Rule, links: tuple[Link, ...]) -> Fault:
    at, circle = (
        f"rules.{rule.id}.do",
        " → ".join([rule.id, *(step for link in links for step in (*link.by, link.rule.id))]),
    )
    once = next((link.rule.id for link in links if link.rule.reentry == "once"), None)
    if once is not None:
        return finding(LOOP_ENDS, at, "note", rule=once, circle=circle)
    is_endless = all(
        link.is_certain
        and link.rule.reentry == "each"
        and not any(limits(cap, link.rule) for cap in policy.guards.caps)
        for link in links
    )
    return finding(ENDLESS, at, circle=circle) if is_endless else finding(MAY_LOOP, at, "warning", circle=circle)


def outcomes(action: Action) -> Iterator[Outcome]:
    match action:
        case IssueCoupon(template=template):
            yield Outcome(CouponIssued.NAME, (("template", template), ("source", "action")))
            yield Outcome(RewardGranted.NAME, (("kind", "coupon"),))
            yield Outcome(RewardRefused.NAME, (("kind", "coupon"),), is_certain=False)
        case GrantPoints(points=points, reason=reason):
            yield Outcome(PointsEarned.NAME, (("points", points), ("reason", reason)))
            yield Outcome(RewardGranted.NAME, (("kind", "points"),))
            yield Outcome(RewardRefused.NAME, (("kind", "points"),), is_certain=False)
        case SendMessage(template=template, channel=channel):
            yield Outcome(MessageSent.NAME, (("template", template), ("channel", channel)))
            yield Outcome(MessageRefused.NAME, (("template", template), ("channel", channel)), is_certain=False)
        case AssignTask(team=team):
            yield Outcome(TaskOpened.NAME, (("team", team),))
            yield Outcome(TaskRefused.NAME, (("team", team),), is_certain=False)
        case CallWebhook(endpoint=endpoint):
            yield Outcome(WebhookDelivered.NAME, (("endpoint", endpoint),))
            yield Outcome(WebhookRefused.NAME, (("endpoint", endpoint),), is_certain=False)


def _told_to(policy: Policy, world: World, outcome: Outcome) -> Iterator[Link]:
    given = _given(outcome)
    for rule in policy.rules:
        is_told = isinstance(rule.trigger, On) and rule.trigger.event == outcome.event
        if is_told and can_hold(world, *given, (rule.condition, True)):
            is_certain = outcome.is_certain and always_holds(world, rule.condition, *given)
            yield Link(rule, (outcome.event,), is_certain)


def _moving(policy: Policy, world: World, outcome: Outcome) -> Iterator[Link]:
    """The rules that changes of standing trigger."""
    given = _given(outcome)
    asked = {
        metric.name
        for metric in policy.metrics
        if outcome.event in metric.every_event and can_hold(world, *given, (metric.where, True))
    } | {source.name for source in policy.attributes if source.event == outcome.event}
    moved = _moved(policy, asked)
    for rule in policy.rules:
        value = awaited(rule)
        if value in moved:
            yield Link(rule, (outcome.event, moved[value]), is_certain=False)


def _moved(policy: Policy, asked: set[str]) -> dict[str, str]:
    """Values that may be entered or left when what is asked changes, by name: stage, health or the segment."""
    parts = {dimension.name: dimension.values for dimension in policy.dimensions}
    parts |= {segment.name: (segment,) for segment in policy.segments}
    changing = set(asked)
    grown = -1
    while grown != len(changing):
        grown = len(changing)
        for name, values in parts.items():
            if any(_names(node) & changing for value in values for node in walk(value.condition)):
                changing.add(name)
    return {value.name: name for name, values in parts.items() if name in changing for value in values}


def _names(node: Node) -> set[str]:
    match node:
        case Attribute(name) | Stands(name) | In(name):
            return {name}
    return {*metrics_of(node)}


def _given(outcome: Outcome) -> tuple[Wanted, ...]:
    return tuple((Said(name, "==", (value,)), True) for name, value in outcome.fields)


def _certain_first(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(sorted(links, key=lambda link: not link.is_certain))


def _circle(links: Mapping[str, tuple[Link, ...]], start: Rule) -> tuple[Link, ...]:
    """The shortest way from the rule to itself; of equally short ones a certain one; empty when there is none."""
    ways: list[tuple[Link, ...]] = [(link,) for link in links[start.id]]
    reached: set[str] = set()
    while ways:
        further = []
        for way in ways:
            last = way[-1].rule.id
            if last == start.id:
                return way
            if last not in reached:
                reached.add(last)
                further += [(*way, link) for link in links[last]]
        ways = further
    return ()
