"""Law 9: one action per id through redelivery and late events, and `each` loses none. Reasons not to act."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints, IssueCoupon
from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import And, Compare, Count, Hour, Said, Stands, Stayed
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Member, decode, encode
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Held, On, Rule
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.stepping.moments.domain import Stepped

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
END = START + timedelta(days=500)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POINT = (GrantPoints(points=1, reason="test"),)
Arrive = Callable[..., Arrival]


def engine_of(*rules: Rule) -> Engine:
    return compiled(msgspec.structs.replace(SMALL_POLICY, rules=rules))


def rule(**fields: Any) -> Rule:
    return Rule(**{"id": "more", "actions": POINT, **fields})


def decisions(engine: Engine, arrivals: list[Arrival], *, late: timedelta = timedelta(0)) -> list[Decision]:
    """What is decided on these events, time passing between them and for a while after, `late` behind the gate clock."""
    member, told = None, list[Decision]()

    def note(stepped: Stepped) -> Member:
        told.extend(stepped.decisions)
        return stepped.member

    def wait(member: Member, to: datetime) -> Member:
        while member.due is not None and member.due <= to:
            member = note(wake(alone(engine), member, up_to=member.due, gate=member.due + late))
        return member

    for arrival in arrivals:
        at = arrival.appended_at
        member = wait(member, at) if member else None
        member = note(step(alone(engine), member, arrival, gate=at + late, watermark=at))
    if member is not None:
        wait(member, member.at + 9 * DAY)
    return told


def reasons(told: list[Decision]) -> list[str | None]:
    return [decision.reason for decision in told]


FLAPPING = ["order.confirmed", "order.voided", "checkin.recorded", "message.read"]
MIXED = engine_of(
    rule(id="once", trigger=Enters("convert")),
    rule(id="each", trigger=Enters("convert"), reentry="each", actions=(*POINT, IssueCoupon(template="back"))),
    rule(id="settled", trigger=Enters("convert", settle=3 * HOUR), reentry="each"),
    rule(id="held", trigger=Held("convert", Span(2)), reentry="each"),
    rule(id="cooled", trigger=Enters("convert"), reentry=Cooldown(5)),
    rule(id="checkin", trigger=On("checkin.recorded"), reentry="each"),
)


@settings(max_examples=80, deadline=None)
@given(
    history=st.lists(st.tuples(st.sampled_from(FLAPPING), st.integers(0, 60), st.booleans()), max_size=20),
    redelivered=st.integers(0, 20),
)
def test_one_action_per_id_and_each_loses_none(
    history: list[tuple[str, int, bool]], redelivered: int, arrive: Arrive
) -> None:
    member: Member | None = None
    told, entries, at = list[Stepped](), 0, START
    for number, (name, hours, is_late) in enumerate(history):
        at += hours * HOUR
        own_time = at - 30 * HOUR if is_late else at
        arrival = arrive(name, own_time, number=number, appended_at=at, confirmed_at=START)
        before = encode(member) if member else None
        stepped = step(alone(MIXED), member, arrival, gate=at, watermark=at)
        if (
            number == redelivered
        ):  # the batch died before it was committed: the same again, from the row, but what is late now
            again = step(alone(MIXED), decode(before) if before else None, arrival, gate=at + HOUR, watermark=at)
            late = {(each.rule, each.key) for each in again.decisions if each.reason == "stale"}
            assert [each.requests for each in again.decisions if each.reason != "stale"] == [
                each.requests for each in stepped.decisions if (each.rule, each.key) not in late
            ]
        member = stepped.member
        told.append(stepped)
        entries += sum(each.current == "convert" for each in stepped.transitions)
    requests = [request for stepped in told for decision in stepped.decisions for request in decision.requests]
    assert max(Counter(request.action_id for request in requests).values(), default=1) == 1
    fired = Counter(request.rule for request in requests)
    assert fired["once"] == min(1, entries)
    assert fired["each"] == 2 * entries
    assert fired["checkin"] == sum(name == "checkin.recorded" for name, _, _ in history)
    assert (fired["cooled"] > 0) == (entries > 0)


def test_keys(arrive: Arrive) -> None:
    registered = arrive("checkin.recorded", START)
    bought = arrive("order.confirmed", START + HOUR)
    keys = {told.rule: told.key for told in decisions(MIXED, [registered, bought])}
    assert keys == {
        "once": "",
        "each": "convert#1",
        "settled": "convert#1",
        "held": "convert#1",
        "cooled": "convert#1",
        "checkin": str(registered.event_id),
    }


def test_once_is_once_also_on_the_way_back(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=Enters("convert")))
    history = [arrive(name, START + hour * HOUR, confirmed_at=START) for hour, name in enumerate(FLAPPING[:2] * 2)]
    assert reasons(decisions(engine, history)) == [None, "already_fired"]


def test_a_cooldown_counts_business_days_from_the_last_action(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=On("checkin.recorded"), reentry=Cooldown(2)))
    hours = [0, 20, 36, 37, 84]  # noon; 08:00 and midnight, two days on
    history = [arrive("checkin.recorded", START + hour * HOUR) for hour in hours]
    assert reasons(decisions(engine, history)) == [None, "cooling_down", None, "cooling_down", None]


def test_who_leaves_before_the_time_is_told_so_at_once(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=Held("convert", Span(5)), reentry="each"))
    history = [arrive("order.confirmed", START), arrive("order.voided", START + DAY, confirmed_at=START)]
    (decision,) = decisions(engine, history)
    assert (decision.reason, decision.at) == ("not_still", START + DAY)


def test_without_still_the_time_is_enough(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=Enters("convert", settle=2 * DAY), still=False))
    history = [arrive("order.confirmed", START), arrive("order.voided", START + DAY, confirmed_at=START)]
    (decision,) = decisions(engine, history)
    assert (decision.reason, decision.at) == (None, START + 2 * DAY)


def test_who_came_back_in_between_is_in_another_episode(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=Held("convert", Span(3)), reentry="each"))
    names = ["order.confirmed", "order.voided", "order.confirmed"]
    history = [arrive(name, START + day * DAY, confirmed_at=START) for day, name in enumerate(names)]
    told = [(decision.key, decision.reason, decision.at) for decision in decisions(engine, history)]
    assert told == [("convert#1", "not_still", START + DAY), ("convert#2", None, START + 5 * DAY)]


def test_a_false_condition_is_told_with_its_values(arrive: Arrive) -> None:
    condition = Compare(Count("orders"), ">=", 2)
    engine = engine_of(rule(trigger=On("order.confirmed"), condition=condition, reentry="each"))
    history = [arrive("order.confirmed", START + day * DAY) for day in range(2)]
    told = [(decision.reason, decision.values) for decision in decisions(engine, history)]
    assert told == [("condition_false", {"orders.count(all)": 1}), (None, {"orders.count(all)": 2})]


def test_a_condition_may_ask_the_event_the_standing_and_how_long_it_was_so(arrive: Arrive) -> None:
    condition = And(
        (
            Said("amount_minor", ">=", (700,)),
            Stands("stage", ("convert", "repurchase")),
            Stayed("acquire", ">=", 30 * HOUR),
            Hour(12, 13),
        )
    )
    engine = engine_of(rule(trigger=On("order.confirmed"), condition=condition, reentry="each"))
    history = [arrive("order.confirmed", START + hours * HOUR, amount_minor=700) for hours in (0, 48, 49, 50)]
    assert reasons(decisions(engine, history)) == ["condition_false", None, None, "condition_false"]
    assert decisions(engine, history)[1].values == {
        "event.amount_minor": 700,
        "stage": "repurchase",
        "since(acquire) in hours": 48.0,
        "hour": 12,
    }


@pytest.mark.parametrize(
    ("late", "fields", "reason"),
    [
        (24 * HOUR, {}, None),
        (24 * HOUR + timedelta(seconds=1), {}, "stale"),
        (2 * HOUR, {"stale_after": HOUR}, "stale"),
        (2 * HOUR, {"valid_for": HOUR}, "stale"),
        (-HOUR, {}, None),
    ],
)
def test_the_gate_clock_decides_what_is_stale(
    late: timedelta, fields: dict[str, Any], reason: str | None, arrive: Arrive
) -> None:
    engine = engine_of(rule(trigger=On("checkin.recorded"), **fields))
    assert reasons(decisions(engine, [arrive("checkin.recorded", START)], late=late)) == [reason]


def test_an_action_is_valid_from_its_trigger(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=Enters("convert", settle=HOUR), valid_for=3 * HOUR))
    (decision,) = decisions(engine, [arrive("order.confirmed", START)], late=HOUR)
    assert [request.valid_until for request in decision.requests] == [START + 4 * HOUR]


def test_at_one_moment_the_higher_priority_decides_first(arrive: Arrive) -> None:
    engine = engine_of(
        rule(id="low", trigger=On("order.confirmed"), priority=10),
        rule(id="b", trigger=Enters("convert")),
        rule(id="a", trigger=On("order.confirmed")),
        rule(id="high", trigger=Enters("convert"), priority=90),
    )
    told = decisions(engine, [arrive("order.confirmed", START)])
    assert [decision.rule for decision in told] == ["high", "a", "b", "low"]


def test_a_final_no_permits_a_new_attempt_under_a_new_id(arrive: Arrive) -> None:
    engine = engine_of(rule(trigger=On("checkin.recorded")))
    first = step(alone(engine), None, arrive("checkin.recorded", START), gate=START, watermark=END)
    (request,) = first.decisions[0].requests
    again = arrive("checkin.recorded", START + DAY)
    assert reasons([*step(alone(engine), first.member, again, gate=START, watermark=END).decisions]) == [
        "already_fired"
    ]

    refused = arrive("reward.refused", START + HOUR, action_id=request.action_id, reason="supply_exhausted")
    freed = step(alone(engine), first.member, refused, gate=START, watermark=END).member
    (second,) = step(alone(engine), freed, again, gate=START, watermark=END).decisions
    assert second.attempt == 2
    assert second.requests[0].action_id != request.action_id

    granted = arrive("reward.granted", START + HOUR, action_id=request.action_id)
    done = step(alone(engine), first.member, granted, gate=START, watermark=END).member
    assert reasons([*step(alone(engine), done, again, gate=START, watermark=END).decisions]) == ["already_fired"]


def test_what_waits_for_a_rule_that_is_gone_is_told(arrive: Arrive) -> None:
    waiting = step(
        alone(engine_of(rule(trigger=Held("convert", Span(2))))),
        None,
        arrive("order.confirmed", START),
        gate=START,
        watermark=END,
    )
    stepped = step(
        alone(engine_of()), waiting.member, arrive("checkin.recorded", START + HOUR), gate=START, watermark=END
    )
    assert reasons([*stepped.decisions]) == ["rule_withdrawn"]
    assert stepped.member.pending == ()
