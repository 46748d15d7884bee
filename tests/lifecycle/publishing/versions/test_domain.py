"""Law 8: a publish moves members at its moment, whenever the step comes that takes them there, and does nothing to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Compare, Count, Days
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import encode, united
from lifecycle.members.domain import Member
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.rulebook.domain import Enters, Held, Rule
from lifecycle.policy.sources.domain import Metric
from lifecycle.publishing.versions.domain import ALWAYS, Version, Versions, alone
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.stepping.moments.domain import Stepped

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY, HOUR, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
END = START + 120 * DAY
SECOND, THIRD = START + 20 * DAY, START + 40 * DAY
NAMES = ("member.registered", "order.confirmed", "order.confirmed", "chat.message_counted", "checkin.recorded")
POINT = (GrantPoints(points=1, reason="test"),)
Arrive = Callable[..., Arrival]
Schedule = list[tuple[datetime, Arrival | None]]
"""When what is read; None: time passes up to then."""

FIRST = msgspec.structs.replace(
    SMALL_POLICY,
    segments=(Value("keen", Compare(Days("orders", Span(30)), ">=", 2)),),
    rules=(
        *SMALL_POLICY.rules,
        Rule(id="keen", trigger=Enters("keen", settle=6 * HOUR), reentry="each", actions=POINT),
        Rule(id="waits", trigger=Held("convert", Span(10)), reentry="each", actions=POINT),
    ),
)
OTHER = msgspec.structs.replace(
    FIRST,
    stages=(FIRST.stages[0], Value("convert", Compare(Count("orders"), ">=", 2)), *FIRST.stages[1:3]),
    segments=(Value("keen", Compare(Days("orders", Span(60)), ">=", 1)), *FIRST.segments[1:]),
    rules=(
        *(rule for rule in FIRST.rules if rule.id not in {"waits", "thanks"}),
        Rule(id="waits", trigger=Held("convert", Span(4)), reentry="each", actions=POINT),
        Rule(id="new", trigger=Held("keen", Span(3)), reentry="each", actions=POINT),
    ),
)
COUNTING = msgspec.structs.replace(
    OTHER, metrics=(*OTHER.metrics, Metric(name="big", number=20, events=("order.confirmed",), sums="amount_minor"))
)


def versions_of(*published: tuple[Policy, datetime], prepared: Policy | None = None, **known: Any) -> Versions:
    engines = [compiled(policy, version=number) for number, (policy, _) in enumerate(published, 1)]
    return Versions(
        published=tuple(
            Version(engine=engine, effective_at=moment) for engine, (_, moment) in zip(engines, published, strict=True)
        ),
        prepared=(compiled(prepared, version=9),) if prepared else (),
        **known,
    )


THERE_AND_BACK = versions_of((FIRST, ALWAYS), (OTHER, SECOND), (FIRST, THIRD))


def lived(versions: Versions, schedule: Schedule, *, to: datetime = END) -> tuple[Member | None, list[Stepped]]:
    member, told = None, list[Stepped]()
    for moment, arrival in [*schedule, (to, None)]:
        if arrival is not None:
            told.append(step(versions, member, arrival, gate=START, watermark=moment))
        elif member is not None:
            told.append(wake(versions, member, up_to=moment, gate=START))
        member = told[-1].member if told else None
    return member, told


def transitions(told: list[Stepped]) -> list[Transition]:
    return [each for stepped in told for each in stepped.transitions]


def acted(told: list[Stepped]) -> list[Decision]:
    return [each for stepped in told for each in stepped.decisions if each.requests]


def unasked(member: Member) -> Member:
    """Without how often silence was answered: that depends on who looks when, and nothing on it."""
    slots = tuple(msgspec.structs.replace(slot, effects=()) for slot in member.slots)
    return msgspec.structs.replace(member, slots=slots)


@st.composite
def histories(draw: st.DrawFn, *, arrive: Arrive) -> Schedule:
    hours = sorted(draw(st.lists(st.integers(0, 60 * 24), min_size=1, max_size=14)))
    return [
        (START + hour * HOUR, arrive(draw(st.sampled_from(NAMES)), START + hour * HOUR, number=number))
        for number, hour in enumerate(hours)
    ]


@settings(deadline=None)
@given(data=st.data(), ticks=st.lists(st.integers(0, 100 * 24), max_size=12))
def test_whenever_a_sweep_comes_the_same_happens(data: st.DataObject, ticks: list[int], arrive: Arrive) -> None:
    history = data.draw(histories(arrive=arrive))
    member, told = lived(THERE_AND_BACK, history)
    passing: Schedule = [(START + hour * HOUR - INSTANT, None) for hour in ticks]
    other, found = lived(THERE_AND_BACK, sorted([*history, *passing], key=lambda each: each[0]))

    assert transitions(found) == transitions(told)
    assert [each.requests for each in acted(found)] == [each.requests for each in acted(told)]
    assert member is not None
    assert other is not None
    assert member.version == 3
    assert unasked(other) == unasked(member)


@settings(deadline=None)
@given(data=st.data())
def test_what_a_publish_brings_fires_nothing_then_or_later(data: st.DataObject, arrive: Arrive) -> None:
    _, told = lived(THERE_AND_BACK, data.draw(histories(arrive=arrive)))
    causes = {(each.current, each.episode): each.cause for each in transitions(told)}
    values = {value.name for policy in (FIRST, OTHER) for value in (*policy.stages, *policy.health, *policy.segments)}
    for decision in acted(told):
        value, _, episode = decision.key.partition("#")
        if value in values:
            assert causes[value, int(episode)] in {"event", "time"}
    moments = {each.at for each in transitions(told) if each.cause == "policy"}
    assert moments <= {SECOND, THIRD}


def test_a_member_is_taken_over_at_the_very_moment(arrive: Arrive) -> None:
    """A single order: converted by the first version, not by the second."""
    _, told = lived(THERE_AND_BACK, [(START, arrive("order.confirmed", START))])
    stages = [each for each in transitions(told) if each.dimension == "stage"]
    assert [(each.previous, each.current, each.at, each.cause, each.version) for each in stages] == [
        (None, "acquire", START, "event", 1),
        ("acquire", "convert", START, "event", 1),
        ("convert", "acquire", SECOND, "policy", 2),
        ("acquire", "convert", THIRD, "policy", 3),
    ]


def test_who_comes_later_begins_with_the_version_of_then(arrive: Arrive) -> None:
    for moment, version in ((START, 1), (SECOND - INSTANT, 1), (SECOND, 2), (THIRD + DAY, 3)):
        member, _ = lived(THERE_AND_BACK, [(moment, arrive("member.registered", moment))], to=moment)
        assert member is not None
        assert member.version == version


def test_an_event_waits_for_what_is_unread_before_the_moment(arrive: Arrive) -> None:
    """Else an event of before, read after, would be evaluated by the next version."""
    member, _ = lived(THERE_AND_BACK, [(START, arrive("member.registered", START))], to=START + 19 * DAY)
    after = arrive("order.confirmed", SECOND + HOUR)
    assert step(THERE_AND_BACK, member, after, gate=SECOND + HOUR, watermark=SECOND - INSTANT).waits
    assert not step(THERE_AND_BACK, member, after, gate=SECOND + HOUR, watermark=SECOND).waits


@settings(deadline=None)
@given(data=st.data(), prepared_after=st.integers(0, 14))
def test_counted_from_then_on_and_back_is_counted_once(
    data: st.DataObject, prepared_after: int, arrive: Arrive
) -> None:
    """What was read before the preparation is left to the back-fill, also when it is stepped only afterwards."""
    history = data.draw(histories(arrive=arrive))
    whole, _ = lived(alone(compiled(COUNTING)), history)
    before = versions_of((FIRST, ALWAYS), revision=2)
    after = versions_of((FIRST, ALWAYS), prepared=COUNTING, since={20: 3}, revision=3)
    member, anew = None, alone(compiled(COUNTING))
    backfilled: dict[int, Any] = {}
    for number, (moment, arrival) in enumerate(history):
        assert arrival is not None
        early = number < prepared_after
        read = msgspec.structs.replace(arrival, revision=2 if early else 3)
        versions = before if early and data.draw(st.booleans()) and member is None else after
        member = step(versions, member, read, gate=moment, watermark=moment).member
        if early:
            part, _ = lived(anew, [(moment, arrival)], to=moment)
            assert part is not None
            backfilled = united(backfilled, {place: fact for place, fact in part.facts.items() if place == 20})
    assert member is not None
    assert whole is not None
    facts = united(member.facts, backfilled)
    assert encode({20: facts[20]} if 20 in facts else {}) == encode({20: whole.facts[20]} if 20 in whole.facts else {})


def test_what_no_version_to_come_counts_is_dropped(arrive: Arrive) -> None:
    versions = versions_of((COUNTING, ALWAYS), (FIRST, SECOND))
    member, _ = lived(versions, [(START, arrive("order.confirmed", START))], to=SECOND - INSTANT)
    assert member is not None
    assert 20 in member.facts
    member, _ = lived(versions, [(START, arrive("order.confirmed", START))])
    assert member is not None
    assert 20 not in member.facts


@pytest.mark.parametrize(("settle", "acts"), [(6, False), (30, True)])
def test_what_waits_gets_the_new_moment_unless_it_has_passed(settle: int, acts: bool, arrive: Arrive) -> None:
    """Entered 12 hours before the publish, to settle for 24: shortened to 6 hours it is given up, lengthened it acts later."""
    rule = Rule(id="warm", trigger=Enters("convert", settle=24 * HOUR), actions=POINT)
    shorter = msgspec.structs.replace(rule, trigger=Enters("convert", settle=settle * HOUR))
    first, second = (msgspec.structs.replace(SMALL_POLICY, rules=(each,)) for each in (rule, shorter))
    versions = versions_of((first, ALWAYS), (second, START + 12 * HOUR))
    _, told = lived(versions, [(START, arrive("order.confirmed", START))])
    decisions = [(each.at, each.reason, each.version) for stepped in told for each in stepped.decisions]
    assert decisions == ([(START + settle * HOUR, None, 2)] if acts else [(START + 12 * HOUR, "rule_changed", 2)])
