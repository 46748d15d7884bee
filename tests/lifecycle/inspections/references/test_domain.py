"""What actions name and the shop does not have is told; where that is not known, nothing is."""

import msgspec
import pytest

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, IssueCoupon, SendMessage
from factories.policies import DEFAULT_POLICY
from lifecycle.inspections.circumstances.domain import Circumstances, Known, Refusal
from lifecycle.inspections.references.domain import missing
from lifecycle.policy.rulebook.domain import On, Rule

ALL = Known(
    coupons=frozenset({"c"}),
    messages=frozenset({"m"}),
    channels=frozenset({"inbox", "sms"}),
    teams=frozenset({"t"}),
    endpoints=frozenset(),
)


def told(action: Action, known: Known, *refusals: Refusal) -> list[tuple[str, str]]:
    rule = Rule(id="r", trigger=On("order.paid"), actions=(action,))
    policy = msgspec.structs.replace(DEFAULT_POLICY, rules=(rule,))
    return [(each.path, each.message("en")) for each in missing(policy, Circumstances(known=known, refusals=refusals))]


@pytest.mark.parametrize(
    ("action", "path", "message"),
    [
        (IssueCoupon(template="x"), "coupon", "there is no coupon template 'x'; there are: c"),
        (SendMessage(template="x", channel="sms"), "message", "there is no message template 'x'; there are: m"),
        (SendMessage(template="m", channel="x"), "channel", "there is no channel 'x'; there are: inbox, sms"),
        (AssignTask(team="x", due_minutes=1), "task", "there is no team 'x'; there are: t"),
        (CallWebhook(endpoint="x"), "webhook", "there is no webhook endpoint 'x'; there are: –"),
    ],
)
def test_what_is_not_there_is_told(action: Action, path: str, message: str) -> None:
    assert told(action, ALL) == [(f"rules.r.do[1].{path}", message)]
    assert told(action, Known()) == []


def test_what_is_there_is_left_alone() -> None:
    assert told(IssueCoupon(template="c"), ALL) == told(SendMessage(template="m", channel="inbox"), ALL) == []


def test_what_was_refused_as_not_there_is_told_of_the_rule_that_still_asks_for_it() -> None:
    def refused(rule: str, template: str) -> Refusal:
        return Refusal(rule=rule, action=IssueCoupon(template=template), reason="template_inactive")

    [(path, message)] = told(IssueCoupon(template="c"), ALL, refused("r", "c"))
    assert path == "rules.r.do[1]"
    assert "refused as not there" in message
    assert told(IssueCoupon(template="c"), ALL, refused("r", "x"), refused("s", "c")) == []
