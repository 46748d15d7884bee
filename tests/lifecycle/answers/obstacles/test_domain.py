"""What is told to stand in the way is what a decision would say, and no check is left out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from factories.guarded_histories import authored, policy_text
from lifecycle.answers.obstacles.domain import PASSES, obstacles, occasion_now
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.checks.domain import AFTER_CONDITION, BEFORE_CONDITION
from lifecycle.stepping.decisions.domain import decide
from lifecycle.stepping.domain import Arrival, step
from lifecycle.text.statements.domain import Statement

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVENTS = ["order.confirmed", "chat.message_counted", "checkin.recorded", "member.registered"]


ENGINE = compiled(authored(policy_text()))


def lived(arrive: Callable[..., Arrival], happened: list[tuple[str, int]], who: int) -> Member:
    """A member after these events, each so many hours after the one before."""
    member, at = None, START
    for number, (name, hours) in enumerate([("member.registered", 0), *happened]):
        at += hours * HOUR
        arrival = arrive(name, at, member=who, number=number, messages=3, streak=2)
        member = step(alone(ENGINE), member, arrival, gate=at, watermark=at).member
    assert member is not None
    return member


def objection_in(told: tuple[Statement, ...]) -> str | None:
    """The first thing in the way, as decisions call it."""
    for each in told:
        if each.holds is False:
            code = each.text.code.removeprefix("decided_").removeprefix("waits_")
            return {"condition_fails": "condition_false", "drawn_held_out": "held_out"}.get(code, code)
    return None


happenings = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60)), max_size=8)


@given(happened=happenings, who=st.integers(1, 30), hours=st.integers(0, 80))
def test_the_first_thing_in_the_way_is_what_a_decision_would_say(
    arrive: Callable[..., Arrival], happened: list[tuple[str, int]], who: int, hours: int
) -> None:
    member = lived(arrive, happened, who)
    gate = member.at + hours * HOUR
    for rule in ENGINE.policy.rules:
        if ENGINE.said[rule.id]:
            continue  # what an event nobody knows would say
        decision = decide(ENGINE, member, occasion_now(ENGINE, member, rule, gate), gate=gate)
        told = obstacles(ENGINE, member, rule, gate=gate)
        assert objection_in(told) == decision.reason
        assert len([each for each in told if each.holds is not None]) > len(BEFORE_CONDITION + AFTER_CONDITION)


def test_every_check_has_words() -> None:
    assert {check.__name__ for check in BEFORE_CONDITION + AFTER_CONDITION} <= PASSES.keys()


def test_a_condition_on_the_event_that_triggers_is_left_open(arrive: Callable[..., Arrival]) -> None:
    told = obstacles(ENGINE, lived(arrive, [], 1), ENGINE.rules["big_order"], gate=START)
    [asked] = [each for each in told if each.text.code == "condition_open"]
    assert asked.values == {"condition": "event.amount_minor >= 800"}
    assert asked.holds is None


def test_what_the_rule_did_before_is_told_and_when_its_cooldown_ends(arrive: Callable[..., Arrival]) -> None:
    who = next(
        who
        for who in range(1, 50)
        if any(slot.rule == "check_in" and slot.state == "open" for slot in lived(arrive, [(EVENTS[2], 1)], who).slots)
    )
    member = lived(arrive, [("checkin.recorded", 1)], who)
    told = obstacles(ENGINE, member, ENGINE.rules["check_in"], gate=member.at + HOUR)
    assert objection_in(told) == "cooling_down"
    [before] = [each for each in told if each.text.code == "acted_before"]
    assert (before.at, before.values["state"]) == (START + HOUR, "open")
    [cools] = [each for each in told if each.text.code == "cools_until"]
    assert cools.values == {"until": ENGINE.calendar.start_of(ENGINE.calendar.day_of(START) + 2)}
