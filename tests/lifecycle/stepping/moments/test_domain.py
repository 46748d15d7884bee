"""How deep causes lie (law 17): a rule that feeds itself stops, by its outcome, by what it enters, by what wears off."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from common.contracts.lifecycle import IssueCoupon
from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Always, Compare, Count
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Member
from lifecycle.policy.domain import Value
from lifecycle.policy.guards.domain import Guards
from lifecycle.policy.quiet.domain import Quiet
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Rule, Trigger
from lifecycle.policy.sources.domain import Metric
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.domain import Arrival, step, wake

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COUPON = (IssueCoupon(template="more"),)
REST = Quiet(begins=time(11), ends=time(13), clock="business")
"""The hours about noon."""
Arrive = Callable[..., Arrival]


def engine_of(trigger: Trigger, *, depth: int = 4, **guards: Any) -> Engine:
    """A shop that gives a coupon to whoever was given one."""
    coupons = Metric(name="coupons", number=1, events=("coupon.issued",))
    policy = msgspec.structs.replace(
        SMALL_POLICY,
        metrics=(coupons,),
        attributes=(),
        stages=(Value("acquire", Always()), Value("rich", Compare(Count("coupons", Span(1)), ">=", 1))),
        health=(Value("active", Always()),),
        segments=(),
        guards=Guards(causation_depth=depth, **guards),
        rules=(Rule(id="more", trigger=trigger, reentry="each", actions=COUPON),),
    )
    return compiled(policy)


def acts(
    engine: Engine, arrive: Arrive, *, days: int = 60, depth: int = 0, delay: timedelta = HOUR, deeper: int = 2
) -> list[str]:
    """Each coupon asked for is issued after a while, as deep as a service that tells it makes it: one more than the asking."""
    member: Member | None = None
    reasons: list[str] = []
    issuing = [(NOON, depth)]
    for number in range(40):
        if not issuing:
            break
        at, deep = issuing.pop(0)
        arrival = msgspec.structs.replace(arrive_coupon(arrive, at, number), depth=deep)
        stepped = step(alone(engine), member, arrival, gate=at, watermark=at)
        decisions = [*stepped.decisions]
        member = stepped.member
        while member.due is not None and member.due <= (issuing[0][0] if issuing else NOON + days * DAY):
            woken = wake(alone(engine), member, up_to=member.due, gate=member.due)
            member = woken.member
            decisions += woken.decisions
            if any(each.requests for each in woken.decisions):
                break
        for decision in decisions:
            reasons.append(decision.reason or "acted")
            issuing += [(decision.at + delay, decision.depth + deeper if deeper else 0) for _ in decision.requests]
    return [reason for reason in reasons if reason != "quiet_hours"]


def arrive_coupon(arrive: Arrive, at: datetime, number: int) -> Arrival:
    terms: dict[str, Any] = {"value_minor": 300, "minimum_spend_minor": 0, "valid_from": at, "expires_at": at + DAY}
    return arrive("coupon.issued", at, number=number, source="action", **terms)


@pytest.mark.parametrize("depth", [1, 4, 7])
def test_a_rule_that_feeds_itself_by_its_outcome_stops(depth: int, arrive: Arrive) -> None:
    assert acts(engine_of(On("coupon.issued"), depth=depth), arrive) == ["acted"] * depth + ["too_deep"]


def test_without_depth_it_would_go_on_for_ever(arrive: Arrive) -> None:
    assert acts(engine_of(On("coupon.issued")), arrive, deeper=0) == ["acted"] * 40


def test_what_waits_keeps_its_depth(arrive: Arrive) -> None:
    night = Quiet(begins=(NOON - HOUR).time(), ends=(NOON - 2 * HOUR).time(), clock="business")
    released = acts(engine_of(On("coupon.issued"), quiet=night), arrive)
    assert released == ["acted"] * 4 + ["too_deep"]


@pytest.mark.parametrize(
    "trigger",
    [
        Enters("rich"),
        Leaves("acquire"),
        Enters("rich", settle=HOUR),
        Held("rich", HOUR),
        Leaves("rich"),
        Enters("acquire", settle=6 * HOUR, coming_from=("rich",)),
    ],
    ids=str,
)
def test_a_rule_that_feeds_itself_by_what_it_enters_and_what_wears_off_stops(trigger: Trigger, arrive: Arrive) -> None:
    reasons = acts(engine_of(trigger), arrive, delay=2 * DAY)
    assert reasons[-1] == "too_deep"
    assert 1 <= reasons.count("acted") <= 4


def test_what_others_began_deep_goes_no_deeper(arrive: Arrive) -> None:
    assert acts(engine_of(On("coupon.issued")), arrive, depth=8) == ["too_deep"]
    assert acts(engine_of(On("coupon.issued")), arrive, depth=7) == ["acted", "too_deep"]


def test_a_gate_behind_what_is_due_releases_it_all_the_same(arrive: Arrive) -> None:
    """Our clock went back, or a producer's is ahead of it: the end of the quiet hours has come, and is not waited for again."""
    engine = engine_of(On("coupon.issued"), quiet=REST)
    waiting = step(alone(engine), None, arrive_coupon(arrive, NOON, 0), gate=NOON, watermark=NOON).member
    assert waiting.due is not None
    woken = wake(alone(engine), waiting, up_to=waiting.due, gate=waiting.due - HOUR / 2)
    assert [each.reason for each in woken.decisions] == [None]
    assert woken.member.due is None or woken.member.due > waiting.due


def test_what_is_given_up_because_its_rule_is_gone_is_told_under_its_key(arrive: Arrive) -> None:
    waiting = step(
        alone(engine_of(On("coupon.issued"), quiet=REST)),
        None,
        arrive_coupon(arrive, NOON, 0),
        gate=NOON,
        watermark=NOON,
    )
    (asked,) = waiting.decisions
    gone = compiled(msgspec.structs.replace(engine_of(On("coupon.issued")).policy, rules=()))
    assert waiting.member.due is not None
    woken = wake(alone(gone), waiting.member, up_to=waiting.member.due, gate=waiting.member.due)
    assert [(each.reason, each.key) for each in woken.decisions] == [("rule_withdrawn", asked.key)]
