from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from common.contracts.lifecycle import GrantPoints
from lifecycle.calendars.domain import Span
from lifecycle.default_policy import DEFAULT_POLICY
from lifecycle.expressions.domain import Aged, Always, And, Compare, Count, Never, Since, Sum
from lifecycle.policy.domain import Metric, Policy, PolicyError, Retraction, Value
from lifecycle.rulebook.domain import Enters, Held, On, Rule

ORDERS = Since(("orders",))
POINTS = (GrantPoints(points=1, reason="test"),)


def changed(**fields: Any) -> Policy:
    return msgspec.structs.replace(DEFAULT_POLICY, **fields)


def with_metric(**fields: Any) -> Policy:
    return changed(metrics=(*DEFAULT_POLICY.metrics, Metric(name="more", number=99, **fields)))


def with_stage(condition: Any) -> Policy:
    return changed(stages=(*DEFAULT_POLICY.stages, Value("more", condition)))


def with_rule(**fields: Any) -> Policy:
    return changed(rules=(*DEFAULT_POLICY.rules, Rule(**{"id": "more", "actions": POINTS, **fields})))


def test_a_policy_survives_being_data() -> None:
    assert msgspec.json.decode(msgspec.json.encode(DEFAULT_POLICY), type=Policy) == DEFAULT_POLICY


WRONG: list[tuple[Callable[[], Policy], str]] = [
    (lambda: changed(tz="Asia/Nowhere"), "tz: 'Asia/Nowhere' is no time zone"),
    (lambda: changed(tz="../etc/passwd"), "tz: '../etc/passwd' is no time zone"),
    (lambda: changed(metrics=DEFAULT_POLICY.metrics * 2), "metrics: name 'joined' is used twice"),
    (lambda: with_metric(events=()), r"metrics: .*length >= 1"),
    (lambda: changed(metrics=(Metric(name="a", number=1, events=("order.confirmed",)),) * 2), "used twice"),
    (lambda: with_metric(events=("order.vanished",)), "metrics.more: no event 'order.vanished'"),
    (lambda: with_metric(events=("stage.changed",)), "metrics.more: no event 'stage.changed'"),
    (lambda: with_metric(events=("log.generation_started",)), "metrics.more: no event"),
    (lambda: with_metric(events=("checkin.recorded",), sums="messages"), "checkin.recorded has no whole number"),
    (lambda: with_metric(events=("order.confirmed",), sums="currency"), "order.confirmed has no whole number"),
    (
        lambda: with_metric(events=("order.confirmed",), retraction=Retraction("order.voided", "vanished_at")),
        "order.voided has no moment 'vanished_at'",
    ),
    (
        lambda: with_metric(events=("order.voided",), retraction=Retraction("order.voided", "confirmed_at")),
        "order.voided is both counted and retracted",
    ),
    (lambda: changed(stages=()), "stages: the first must hold always"),
    (lambda: changed(stages=DEFAULT_POLICY.stages[1:]), "stages: the first must hold always"),
    (lambda: changed(health=DEFAULT_POLICY.health[:-1]), "health: the last must hold always"),
    (lambda: changed(stages=(*DEFAULT_POLICY.stages, Value("active", Always()))), "name 'active' is used twice"),
    (lambda: with_stage(Never(("visits",))), r"stages.more: never\(visits\) asks for a metric 'visits'"),
    (lambda: with_stage(Compare(Sum("checkins"), ">", 1)), r"stages.more: checkins.sum\(all\): .* sums no field"),
    (lambda: with_stage(Aged(ORDERS, ">", Since(("chat",)))), "stages: .*right"),  # type: ignore[arg-type]  # refused by type, and here
    (lambda: with_stage(Aged(ORDERS, "==", Span(3))), "stages: .*op"),  # type: ignore[arg-type]  # same
    (lambda: with_stage(Aged(ORDERS, ">", Span(0))), "stages: .*n`"),
    (lambda: with_stage(And((Always(),))), r"stages: .*conditions"),
    (lambda: with_stage("orders.count(all) >= 1"), "stages: "),
    (lambda: with_rule(trigger=On("order.vanished")), "rules.more: no event 'order.vanished'"),
    (lambda: with_rule(trigger=On("health.changed")), "rules.more: no event 'health.changed'"),
    (lambda: with_rule(trigger=Enters("converted")), "rules.more: no stage or health 'converted'"),
    (lambda: with_rule(trigger=Held("happy", Span(1))), "rules.more: no stage or health 'happy'"),
    (lambda: with_rule(trigger=On("order.paid"), condition=Compare(Count("x"), ">", 1)), "rules.more: .*'x'"),
    (lambda: with_rule(trigger=On("order.paid"), actions=()), "rules: .*length >= 1"),
    (lambda: with_rule(trigger=On("order.paid"), id="welcome"), "rules: id 'welcome' is used twice"),
    (lambda: with_rule(trigger=On("order.paid"), priority=101), "rules: .*<= 100"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=range(len(WRONG)))
def test_a_policy_that_could_not_run_cannot_be_built(wrong: Callable[[], Policy], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        wrong()
