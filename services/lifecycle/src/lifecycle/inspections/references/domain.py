"""References 引用: what the actions of rules name, and that the shop does not have."""

from collections.abc import Collection, Iterator

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, IssueCoupon, SendMessage
from lifecycle.inspections.circumstances.domain import Circumstances, Known
from lifecycle.policy.domain import Policy
from lifecycle.text.faults.domain import Fault, Text, clipped, finding
from lifecycle.text.paths.domain import nth

NO_COUPON = Text(
    "no_such_coupon",
    en="there is no coupon template {name!r}; there are: {known}",
    zh="沒有優惠券範本「{name}」；現有：{known}",
)
NO_MESSAGE = Text(
    "no_such_message",
    en="there is no message template {name!r}; there are: {known}",
    zh="沒有訊息範本「{name}」；現有：{known}",
)
NO_CHANNEL = Text(
    "no_such_channel", en="there is no channel {name!r}; there are: {known}", zh="沒有管道「{name}」；現有：{known}"
)
NO_TEAM = Text(
    "no_such_team", en="there is no team {name!r}; there are: {known}", zh="沒有團隊「{name}」；現有：{known}"
)
NO_ENDPOINT = Text(
    "no_such_endpoint",
    en="there is no webhook endpoint {name!r}; there are: {known}",
    zh="沒有 webhook 端點「{name}」；現有：{known}",
)

WAS_REFUSED = Text(
    "was_refused_last",
    en="when the rule last asked for this, it was refused as not there, or not any more ({reason})",
    zh="這條規則上一次要求這個動作時被拒絕：不存在或已停用（{reason}）",
)

_SHOWN = 200


def missing(policy: Policy, told: Circumstances) -> Iterator[Fault]:
    refused = {(each.rule, each.action): each.reason for each in told.refusals}
    for rule in policy.rules:
        for index, action in enumerate(rule.actions):
            path = nth(f"rules.{rule.id}.do", index)
            for key, name, there, text in _named(action, told.known):
                if there is not None and name not in there:
                    names = ", ".join(sorted(there)) or "–"
                    yield finding(text, f"{path}.{key}", name=name, known=clipped(names, _SHOWN))
            if reason := refused.get((rule.id, action)):
                yield finding(WAS_REFUSED, path, "warning", reason=reason)


def _named(action: Action, known: Known) -> Iterator[tuple[str, str, Collection[str] | None, Text]]:
    match action:
        case IssueCoupon(template=template):
            yield "coupon", template, known.coupons, NO_COUPON
        case SendMessage(template=template, channel=channel):
            yield "message", template, known.messages, NO_MESSAGE
            yield "channel", channel, known.channels, NO_CHANNEL
        case AssignTask(team=team):
            yield "task", team, known.teams, NO_TEAM
        case CallWebhook(endpoint=endpoint):
            yield "webhook", endpoint, known.endpoints, NO_ENDPOINT
