"""What each part of a policy may ask, and what it is told when it asks more."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.lifecycle_conditions import POLICY, policies, rules_atoms
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    RULES_ONLY,
    Aged,
    Always,
    And,
    Attribute,
    Compare,
    Condition,
    Count,
    Distinct,
    Gap,
    Hour,
    In,
    Not,
    OnBirthday,
    Or,
    Pace,
    Said,
    Since,
    Stands,
    Stayed,
    Sum,
)
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.rulebook.domain import Enters, On, Rule
from lifecycle.policy.soundness.domain import PolicyError, in_order
from lifecycle.policy.sources.domain import Metric, Retraction

STAGES = (Value("first", Always()), Value("second", Always()))
LOYAL = Value("loyal", Always())
POINTS = (GrantPoints(points=1, reason="test"),)
ORDERS = Since(("orders",))


def having(part: str, condition: Condition, *, event: str | None = None) -> Policy:
    base = msgspec.structs.replace(POLICY, stages=STAGES, segments=(LOYAL,))
    value = Value("more", condition)
    match part:
        case "stages":
            return msgspec.structs.replace(base, stages=(*STAGES, value))
        case "health":
            return msgspec.structs.replace(base, health=(value, *base.health))
        case "segments":
            return msgspec.structs.replace(base, segments=(value, LOYAL))
    trigger = On(event) if event else Enters("loyal")
    return msgspec.structs.replace(base, rules=(Rule(id="more", trigger=trigger, condition=condition, actions=POINTS),))


def counting(where: Condition, *, events: tuple[str, ...] = ("order.confirmed",), retracts: bool = False) -> Policy:
    retraction = Retraction("order.voided", "confirmed_at") if retracts else None
    more = Metric(name="more", number=9, events=events, where=where, retraction=retraction)
    return msgspec.structs.replace(POLICY, metrics=(*POLICY.metrics, more))


FOLLOWS = {"stages": [], "health": ["stage"], "segments": ["stage", "health", "in"], "rules": ["stage", "health", "in"]}
ASKING: dict[str, Condition] = {
    "stage": Stands("stage", ("second",)),
    "health": Stands("health", ("active",)),
    "in": In("loyal"),
}


@pytest.mark.parametrize("part", FOLLOWS)
@pytest.mark.parametrize("asked", ASKING)
def test_nothing_asks_what_may_follow_from_it(part: str, asked: str) -> None:
    condition = Not(And((ASKING[asked], Always())))
    if asked in FOLLOWS[part]:
        having(part, condition)
    else:
        with pytest.raises(PolicyError, match=rf"{part}.more: .* asked here"):
            having(part, condition)


@given(
    condition=rules_atoms().filter(lambda condition: isinstance(condition, RULES_ONLY)),
    part=st.sampled_from(["stages", "health", "segments"]),
)
def test_what_has_no_bounded_next_change_is_for_rules_alone(condition: Condition, part: str) -> None:
    with pytest.raises(PolicyError, match="rules alone may ask it"):
        having(part, Or((Always(), condition)))


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Compare(Count("visits"), ">", 1), r"visits.count\(all\): asks for a metric 'visits'"),
        (Gap(ORDERS, Since(("visits",)), ">", Span(1)), r"since\(visits\): asks for a metric 'visits'"),
        (Aged(ORDERS, ">", Pace("visits")), "visits.pace: asks for a metric 'visits'"),
        (Compare(Sum("orders"), ">", 1), "metric 'orders' sums no field"),
        (Compare(Distinct("chat"), ">", 1), "metric 'chat' tells no field's values apart"),
        (Attribute("colour", ("red",)), "no attribute 'colour'"),
        (Attribute("source", (1,)), "source is a text, not a number"),
        (Attribute("level", (1, True)), "level is a number, not a yes_no"),
        (Attribute("birthday", ("02-29",)), "write `birthday` alone"),
        (Stands("stage", ("second", "third")), "no stage 'third'"),
        (In("happy"), "no segment 'happy'"),
        (Stayed("happy", ">", Span(1)), "no stage, health or segment 'happy'"),
        (Said("channel", "==", ("self",)), "only a rule that an event triggers"),
    ],
)
def test_what_is_not_declared_cannot_be_asked(condition: Condition, message: str) -> None:
    with pytest.raises(PolicyError, match=rf"rules.more: .*{message}"):
        having("rules", condition)


def test_birthdays_need_to_be_known() -> None:
    having("rules", And((OnBirthday(), Hour(9, 12), Stayed("second", ">", timedelta(hours=36)))))
    with pytest.raises(PolicyError, match="birthday: needs the attribute 'birthday'"):
        msgspec.structs.replace(having("rules", OnBirthday()), attributes=())


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Said("vanished", "==", ("x",)), "has no field 'vanished'"),
        (Said("confirmed_at", ">", ("x",)), "has no field 'confirmed_at'"),
        (Said("amount_minor", ">", ("x",)), "amount_minor is a number, not a text"),
        (Said("amount_minor", "!=", (1, 2)), "!= compares with one value"),
    ],
)
def test_an_events_field_is_compared_as_what_it_is(said: Said, message: str) -> None:
    with pytest.raises(PolicyError, match=f"rules.more: .*{message}"):
        having("rules", said, event="order.confirmed")
    with pytest.raises(PolicyError, match=f"metrics.more.where: .*{message}"):
        counting(said)


def test_yes_and_no_have_no_order() -> None:
    having("rules", Said("full", "==", (True,)), event="order.refunded")
    with pytest.raises(PolicyError, match="full is yes or no"):
        having("rules", Said("full", ">", (False,)), event="order.refunded")


def test_a_filter_asks_the_event_alone_and_every_event_has_what_it_asks() -> None:
    wechat = Said("channel", "==", ("wechat",))
    counting(Not(wechat))
    with pytest.raises(PolicyError, match="asks the event's own fields only"):
        counting(And((wechat, Attribute("source", ("wechat",)))))
    with pytest.raises(PolicyError, match=r"where: event.channel == \"wechat\": message.read has no field 'channel'"):
        counting(wechat, events=("order.confirmed", "message.read"))


def test_what_retracts_must_tell_whether_what_it_undoes_was_counted() -> None:
    counting(Said("amount_minor", ">", (5_000,)), retracts=True)
    with pytest.raises(PolicyError, match=r"order\.voided has no field 'channel'"):
        counting(Said("channel", "==", ("self",)), retracts=True)


def test_a_circle_of_segments_has_no_answer() -> None:
    with pytest.raises(
        PolicyError, match=r"a asks c asks b( asks a)?|c asks b asks a( asks c)?|b asks a asks c( asks b)?"
    ):
        in_order({"a": In("c"), "b": Not(In("a")), "c": And((In("b"), Always()))})
    with pytest.raises(PolicyError, match="loyal asks loyal"):
        msgspec.structs.replace(POLICY, segments=(Value("loyal", Not(In("loyal"))),))


@settings(max_examples=25, deadline=None)
@given(policy=policies())
def test_segments_come_after_those_that_they_ask(policy: Policy) -> None:
    conditions = {segment.name: segment.condition for segment in policy.segments}
    order = in_order(conditions)
    assert sorted(order) == sorted(conditions)
    for place, name in enumerate(order):
        assert not any(f"in({later})" in str(conditions[name]) for later in order[place:])
