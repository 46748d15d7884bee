"""The default policy of the lifecycle, as a page for operators."""

from collections.abc import Iterator
from datetime import timedelta

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from docs_words import table
from lifecycle.calendars.domain import Duration, Span
from lifecycle.conditions.expressions.domain import Always
from lifecycle.policy.dates.domain import Dated, DaysAfter, Scheduled, Yearly
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.guards.domain import Guards
from lifecycle.policy.rulebook.domain import (
    Cooldown,
    EachYear,
    Enrolment,
    Enters,
    Held,
    Leaves,
    On,
    Per,
    Rule,
    SameDay,
    Trigger,
)
from lifecycle.policy.sources.domain import AttributeSource, Metric
from lifecycle.text.labels.domain import Label

HEAD = """# Default policy 預設策略

Written by `make docs` from `lifecycle/authoring/community_group_buy.yaml`; do not edit.

By this policy `{name}` members live until another one is published. Its days are business days in the installation's
`TIMEZONE`. Conditions are written as the lifecycle prints them: `d` is a day, `since(x)` the days since the last x, and what
never happened compares false; `orders.days(all)` are the distinct days with an order, `orders.pace` the mean days between them.
"""
SEGMENTS = """## Segments 分群

A member is in each that holds.
"""
GUARDS = """## Guards 防護

What stands between a rule and a member, whatever the rule. A rule of a class with a consent acts only for members who have
given it; what falls into quiet hours, or meets a full cap, waits while it is valid.
"""
ATTRIBUTES = """## Attributes 屬性

What was last told of a member.
"""
STAGES = """## Stages 階段

The **last** that holds, over all time: time takes nobody back, a refund may.
"""
HEALTH = """## Health 健康度

The **first** that holds, by how recently something happened.
"""
RULES = """## Rules 規則

What is done, once for each member unless it says otherwise, and only if the member is still where the rule found them. A moment
found too late is not acted on; what was asked for is not carried out after its time.
"""
METRICS = """## Metrics 指標

What is counted, by business day. What is taken back is taken from the day of what it undoes.
"""


def policy_page(policy: Policy) -> str:
    return "\n".join(
        [
            HEAD.format(name=policy.name),
            STAGES,
            table(["Stage", "", "Holds when"], _values(policy.stages)),
            HEALTH,
            table(["Health", "", "Holds when"], _values(policy.health)),
            SEGMENTS,
            table(["Segment", "", "Holds when"], _values(policy.segments)),
            RULES,
            table(
                ["Rule", "", "When", "Does", "As", "Again", "Too late after", "Carried out within"],
                map(_rule, policy.rules),
            ),
            GUARDS,
            table(["Guard", "What it says"], _guards(policy.guards)),
            METRICS,
            table(["Metric", "", "Counts", "Sums", "Taken back by"], map(_metric, policy.metrics)),
            ATTRIBUTES,
            table(["Attribute", "Told by"], map(_attribute, policy.attributes)),
        ]
    )


def _values(values: tuple[Value, ...]) -> Iterator[list[str]]:
    for value in values:
        yield [f"`{value.name}`", _title(value.title), f"`{value.condition}`"]


def _title(title: Label | None) -> str:
    return f"{title.en} {title.zh}" if title else ""


def _rule(rule: Rule) -> list[str]:
    condition = "" if isinstance(rule.condition, Always) else f", if `{rule.condition}`"
    left = "" if rule.still else ", also when no longer there"
    return [
        f"`{rule.id}`",
        _title(rule.title),
        f"{_when(rule.trigger)}{condition}{left}",
        "; ".join([*map(_action, rule.actions), *_undone(rule)]),
        f"`{rule.sent_as}`, priority {rule.priority}{_held_out(rule.held_out)}",
        _again(rule),
        _hours(rule.stale_after),
        "the same day" if isinstance(rule.valid_for, SameDay) else _hours(rule.valid_for),
    ]


def _when(trigger: Trigger) -> str:
    match trigger:
        case On(event):
            return f"`{event}`"
        case Held(value, duration):
            return f"`{value}` for {_duration(duration)} without a break"
        case Enters(value, settle, coming_from):
            left = f" from {' or '.join(f'`{each}`' for each in coming_from)}" if coming_from else ""
            return _changed(value, f"entered{left}", settle)
        case Leaves(value, settle):
            return _changed(value, "left", settle)
        case Enrolment():
            return "an operator enrols them"
        case DaysAfter() | Yearly() | Scheduled():
            return f"{_on_days(trigger)}, {_at(trigger)}"


def _on_days(trigger: DaysAfter | Yearly | Scheduled) -> str:
    match trigger:
        case DaysAfter(metric=metric, edge=edge, low=low, high=high):
            days = f"{low}" if low == high else f"each of {low} to {high}"
            return f"{days} days after the {edge} day of `{metric}`"
        case Yearly(attribute=attribute):
            return f"each year on the day that `{attribute}` tells"
        case Scheduled(weekdays=weekdays, month_day=None):
            return f"every {', '.join(weekdays)}"
        case Scheduled(month_day=month_day):
            return f"on day {month_day} of each month"


def _at(trigger: Dated) -> str:
    clock = " by the member's clock" if trigger.clock == "member" else ""
    spread = f", spread over {_hours(trigger.spread)}" if trigger.spread else ""
    return f"at {trigger.at:%H:%M}{clock}{spread}"


def _undone(rule: Rule) -> Iterator[str]:
    if rule.undo:
        by = f" by `{rule.undo.by}`" if rule.undo.by else ""
        yield f"taken back when they leave `{rule.undo.leaves}`{by}"


def _held_out(share: int) -> str:
    return f", {share / 100:g}% held out" if share else ""


def _changed(value: str, how: str, settle: Duration | None) -> str:
    return f"`{value}` is {how}" if settle is None else f"`{value}` was {how} {_duration(settle)} before"


def _duration(duration: Duration) -> str:
    return f"{duration}" if isinstance(duration, Span) else _hours(duration)


def _hours(duration: timedelta) -> str:
    hours = duration / timedelta(hours=1)
    return f"{hours:g} h"


def _again(rule: Rule) -> str:
    match rule.reentry:
        case Cooldown(days):
            return f"after {days} days"
        case Per(fields, days):
            return f"for each {', '.join(f'`{field}`' for field in fields)}{_after(days)}"
        case EachYear(days):
            return f"each year{_after(days)}"
        case "each":
            return "each time"
        case "once":
            return "never"


def _after(days: int | None) -> str:
    return f", after {days} days" if days else ""


def _action(action: Action) -> str:
    match action:
        case IssueCoupon(template=template):
            return f"coupon `{template}`"
        case SendMessage(template=template, channel=channel):
            return f"message `{template}` by `{channel}`"
        case GrantPoints(points=points):
            return f"{points} points"
        case AssignTask(team=team, due_minutes=minutes):
            return f"task for `{team}`, due within {minutes} minutes"
        case CallWebhook(endpoint=endpoint):
            return f"webhook `{endpoint}`"


def _metric(metric: Metric) -> list[str]:
    taken_back = f"`{metric.retraction.event}`" if metric.retraction else ""
    return [
        f"`{metric.name}`",
        _title(metric.title),
        ", ".join(f"`{event}`" for event in metric.events),
        f"`{metric.sums}`" if metric.sums else "",
        taken_back,
    ]


def _attribute(source: AttributeSource) -> list[str]:
    where = "" if isinstance(source.where, Always) else f", where `{source.where}`"
    return [f"`{source.name}`", f"`{source.event}`, its `{source.field}`{where}"]


def _guards(guards: Guards) -> Iterator[list[str]]:
    for each in guards.classes:
        says = [f"not while `{each.refuse_if}`"] if each.refuse_if else []
        says += [f"only with the consent `{each.consent}`"] if each.consent else []
        says += [] if each.quiet else ["also in quiet hours"]
        says += [] if each.held_out else ["nobody is held out"]
        yield [f"class `{each.name}`", "; ".join(says)]
    for cap in guards.caps:
        kept = f"; {cap.keep.slots} kept for priority {cap.keep.priority} and higher" if cap.keep else ""
        yield ["cap", f"at most {cap}{kept}"]
    if quiet := guards.quiet:
        yield ["quiet hours", f"{quiet.begins:%H:%M} to {quiet.ends:%H:%M} by the {quiet.clock}'s clock"]
    if holdout := guards.holdout:
        yield ["holdout", f"{holdout.share / 100:g}% by {holdout.unit}, `{holdout.salt}`"]
    yield ["depth of causation", f"at most {guards.causation_depth} actions, one by the outcome of the other"]
