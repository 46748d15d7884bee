"""The default policy of the lifecycle, as a page for operators."""

from collections.abc import Iterator
from datetime import timedelta

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from docs_words import table
from lifecycle.calendars.domain import Duration, Span
from lifecycle.expressions.domain import Always
from lifecycle.policy.domain import Policy, Value
from lifecycle.rulebook.domain import Cooldown, Enters, Held, Leaves, On, Per, Rule, Trigger
from lifecycle.sources.domain import Metric

HEAD = """# Default policy 預設策略

Written by `make docs` from `lifecycle/authoring/community_group_buy.yaml`; do not edit.

By this policy `{name}` members live until another one is published. Its days are business days in the installation's
`TIMEZONE`. Conditions are written as the lifecycle prints them: `d` is a day, `since(x)` the days since the last x, and what
never happened compares false; `orders.days(all)` are the distinct days with an order, `orders.pace` the mean days between them.
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
            table(["Stage", "Holds when"], _values(policy.stages)),
            HEALTH,
            table(["Health", "Holds when"], _values(policy.health)),
            RULES,
            table(["Rule", "When", "Does", "Again", "Too late after", "Carried out within"], map(_rule, policy.rules)),
            METRICS,
            table(["Metric", "Counts", "Sums", "Taken back by"], map(_metric, policy.metrics)),
        ]
    )


def _values(values: tuple[Value, ...]) -> Iterator[list[str]]:
    for value in values:
        yield [f"`{value.name}`", f"`{value.condition}`"]


def _rule(rule: Rule) -> list[str]:
    condition = "" if isinstance(rule.condition, Always) else f", if `{rule.condition}`"
    left = "" if rule.still else ", also when no longer there"
    return [
        f"`{rule.id}`",
        f"{_when(rule.trigger)}{condition}{left}",
        "; ".join(map(_action, rule.actions)),
        _again(rule),
        _hours(rule.stale_after),
        _hours(rule.valid_for),
    ]


def _when(trigger: Trigger) -> str:
    match trigger:
        case On(event):
            return f"`{event}`"
        case Held(value, duration):
            return f"`{value}` for {_duration(duration)} without a break"
        case Enters(value, settle):
            return _changed(value, "entered", settle)
        case Leaves(value, settle):
            return _changed(value, "left", settle)


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
        case Per(fields):
            return f"for each {', '.join(f'`{field}`' for field in fields)}"
        case "each":
            return "each time"
        case "once":
            return "never"


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
        ", ".join(f"`{event}`" for event in metric.events),
        f"`{metric.sums}`" if metric.sums else "",
        taken_back,
    ]
