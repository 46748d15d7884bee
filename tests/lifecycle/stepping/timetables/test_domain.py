"""What the calendar brings a member over a whole history: due exactly then, each once, also where facts move it."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.policies import SMALL_POLICY
from lifecycle.conditions.expressions.domain import Always, Compare, Count, Stands
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Member, decode, encode
from lifecycle.policy.dates.domain import DaysAfter, Scheduled, Yearly, datings
from lifecycle.policy.domain import Value
from lifecycle.policy.rulebook.domain import EachYear, Rule, SameDay
from lifecycle.policy.sources.domain import AttributeSource
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.stepping.moments.domain import Stepped, rearmed
from lifecycle.stepping.rules.domain import told_of

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # a Monday, noon in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POINT = (GrantPoints(points=1, reason="test"),)
TEN = time(10)
ATTRIBUTES = (
    AttributeSource(name="birthday", number=1, event="birthday.told", field="birthday"),
    AttributeSource(name="tz", number=2, event="timezone.told", field="tz"),
)
WEEK = Rule(
    id="week",
    trigger=DaysAfter(metric="orders", edge="first", low=1, high=7, at=TEN),
    reentry="each",
    actions=POINT,
)
BIRTHDAY = Rule(
    id="birthday",
    trigger=Yearly(attribute="birthday", at=time(9), clock="member"),
    reentry=EachYear(cooldown=300),
    valid_for=SameDay(),
    actions=POINT,
)
MONDAYS = Rule(id="mondays", trigger=Scheduled(weekdays=("mon",), at=time(20)), reentry="each", actions=POINT)
RULES = (WEEK, BIRTHDAY, MONDAYS)
Arrive = Callable[..., Arrival]


def engine_of(*rules: Rule) -> Engine:
    """Of a policy in which time alone changes nobody's standing."""
    health = (Value("active", Always()),)
    return compiled(
        msgspec.structs.replace(
            SMALL_POLICY,
            health=health,
            attributes=ATTRIBUTES,
            segments=(),
            rules=rules,
            guards=type(SMALL_POLICY.guards)(),
        )
    )


def live(engine: Engine, arrivals: list[Arrival], *, until: datetime, late: timedelta = timedelta(0)) -> list[Decision]:
    """What is decided, the gate clock `late` behind."""
    member: Member | None = None
    decided: list[Decision] = []

    def note(stepped: Stepped) -> Member:
        decided.extend(stepped.decisions)
        return decode(encode(stepped.member))

    def wait(member: Member, to: datetime) -> Member:
        while member.due is not None and member.due <= to:
            member = note(wake(alone(engine), member, up_to=member.due, gate=member.due + late))
        return member

    for arrival in arrivals:
        at = arrival.appended_at
        member = wait(member, at) if member else None
        member = note(step(alone(engine), member, arrival, gate=at + late, watermark=at))
    if member is not None:
        wait(member, until)
    return decided


def told(decisions: list[Decision]) -> list[str]:
    return [f"{each.rule} {each.key} {each.at + 8 * HOUR:%m-%d %H:%M} {each.reason or 'acted'}" for each in decisions]


def test_seven_days_are_seven_occasions(arrive: Arrive) -> None:
    found = told(live(engine_of(WEEK), [arrive("order.confirmed", NOON)], until=NOON + 30 * DAY))
    assert found == [f"week {n} 03-0{n + 2} 10:00 acted" for n in range(1, 8)]


def test_an_order_that_is_voided_takes_its_days_along_and_none_comes_twice(arrive: Arrive) -> None:
    arrivals = [
        arrive("order.confirmed", NOON),
        arrive("order.confirmed", NOON + 2 * DAY, number=1),
        arrive("order.voided", NOON + 3 * DAY, confirmed_at=NOON),
    ]
    found = told(live(engine_of(WEEK), arrivals, until=NOON + 30 * DAY))
    assert found == [
        "week 1 03-03 10:00 acted",
        "week 2 03-04 10:00 acted",
        "week 3 03-05 10:00 acted",
        "week 1 03-05 10:00 already_fired",  # moved back by the voiding, which came at noon
        *(f"week {n} 03-{n + 4:02} 10:00 {'already_fired' if n < 4 else 'acted'}" for n in range(2, 8)),
    ]


def test_a_birthday_told_on_the_day_is_not_missed_and_one_long_past_is(arrive: Arrive) -> None:
    engine = engine_of(BIRTHDAY)
    same_day = live(engine, [arrive("birthday.told", NOON, birthday="03-02")], until=NOON + 370 * DAY)
    assert told(same_day) == ["birthday 2026 03-02 09:00 acted", "birthday 2027 03-02 09:00 acted"]
    assert same_day[0].requests[0].valid_until == datetime(2026, 3, 2, 15, 59, 59, 999_999, tzinfo=UTC)
    day_after = live(engine, [arrive("birthday.told", NOON, birthday="03-01")], until=NOON + 300 * DAY)
    assert told(day_after) == []


def test_whoever_changes_their_birthday_has_one_a_year(arrive: Arrive) -> None:
    days = ["03-03", "03-05", "12-31", "01-02"]
    arrivals = [arrive("birthday.told", NOON + n * DAY, number=n, birthday=day) for n, day in enumerate(days)]
    found = told(live(engine_of(BIRTHDAY), arrivals, until=NOON + 700 * DAY))
    assert found == [
        "birthday 2026 03-03 09:00 acted",
        "birthday 2027 01-02 09:00 acted",
        "birthday 2028 01-02 09:00 acted",
    ]


def test_the_members_own_clock_moves_the_hour(arrive: Arrive) -> None:
    arrivals = [arrive("birthday.told", NOON, birthday="03-20"), arrive("timezone.told", NOON, tz="America/New_York")]
    (decision,) = live(engine_of(BIRTHDAY), arrivals, until=NOON + 90 * DAY)
    assert decision.at == datetime(2026, 3, 20, 13, tzinfo=UTC)
    assert decision.requests[0].valid_until == datetime(2026, 3, 21, 3, 59, 59, 999_999, tzinfo=UTC)


def test_a_schedule_asks_its_condition_each_time(arrive: Arrive) -> None:
    buyers = msgspec.structs.replace(MONDAYS, condition=Compare(Count("orders"), ">=", 1))
    arrivals = [arrive("member.registered", NOON), arrive("order.confirmed", NOON + 10 * DAY)]
    decided = live(engine_of(buyers), arrivals, until=NOON + 15 * DAY)
    assert [(each.key, each.reason) for each in decided] == [
        ("2026-03-02", "condition_false"),
        ("2026-03-09", "condition_false"),
        ("2026-03-16", None),
    ]
    assert all(timedelta(0) <= each.at - NOON - 8 * HOUR - n * 7 * DAY <= HOUR / 4 for n, each in enumerate(decided))


@pytest.mark.parametrize(("late", "reason"), [(0, None), (25, "stale")])
def test_what_is_found_too_late_is_not_done(late: int, reason: str | None, arrive: Arrive) -> None:
    decided = live(engine_of(MONDAYS), [arrive("member.registered", NOON)], until=NOON + DAY, late=late * HOUR)
    assert [each.reason for each in decided] == [reason]


def test_a_publish_brings_nothing_of_the_past(arrive: Arrive) -> None:
    """A member who lives by another policy until then is only brought what comes after it."""
    before = step(alone(engine_of()), None, arrive("order.confirmed", NOON), gate=NOON, watermark=NOON).member
    member = rearmed(engine_of(WEEK), msgspec.structs.replace(before, at=NOON + 3 * DAY))
    assert member.due == NOON + 4 * DAY - 2 * HOUR


EVENTS = ["order.confirmed", "order.voided", "birthday.told", "timezone.told", "checkin.recorded"]


@st.composite
def histories(draw: st.DrawFn, *, arrive: Arrive) -> list[Arrival]:
    at, arrivals = NOON, []
    for number in range(draw(st.integers(1, 12))):
        at += draw(st.integers(0, 20 * 24)) * HOUR
        own_time = at - draw(st.sampled_from([0, 0, 5, 60])) * HOUR
        fields: dict[str, Any] = {
            "birthday": draw(st.sampled_from(["03-20", "02-29", "12-31", "04-01", ""])),
            "tz": draw(st.sampled_from(["Asia/Shanghai", "America/New_York", ""])),
        }
        name = draw(st.sampled_from(EVENTS))
        arrivals.append(
            arrive(
                name, own_time, number=number, appended_at=at, confirmed_at=at - draw(st.integers(0, 9)) * DAY, **fields
            )
        )
    return arrivals


@settings(deadline=None)
@given(data=st.data())
def test_due_is_never_later_than_the_next_occasion_and_is_found_again(data: st.DataObject, arrive: Arrive) -> None:
    engine = engine_of(*RULES)
    member: Member | None = None
    for arrival in data.draw(histories(arrive=arrive)):
        at = arrival.appended_at
        member = step(alone(engine), member, arrival, gate=at, watermark=at).member
        upcoming = [
            dating.at
            for rule in RULES
            for dating, _ in zip(
                datings(rule.trigger, told_of(engine, member), unit=(rule.id, member.member_id), after=member.at),
                range(1),
                strict=False,
            )
        ]
        assert member.due == min(upcoming)
        assert rearmed(engine, msgspec.structs.replace(member, due=None)) == member


@settings(deadline=None)
@given(data=st.data())
def test_no_key_acts_twice_and_nothing_is_done_that_is_stale(data: st.DataObject, arrive: Arrive) -> None:
    arrivals = data.draw(histories(arrive=arrive))
    decided = live(engine_of(*RULES), arrivals, until=arrivals[-1].appended_at + 400 * DAY)
    acted = [(each.rule, each.key) for each in decided if each.requests]
    assert len(set(acted)) == len(acted)
    years = [each.at for each in decided if each.rule == "birthday" and each.requests]
    assert all(later - earlier >= 299 * DAY for earlier, later in pairwise(years))


@settings(deadline=None)
@given(hours=st.lists(st.integers(1, 500), max_size=6))
def test_nothing_is_lost_however_often_time_is_looked_at(hours: list[int], arrive: Arrive) -> None:
    engine, end = (
        engine_of(*RULES, msgspec.structs.replace(MONDAYS, id="all", condition=Stands("stage", ("convert",)))),
        NOON + 60 * DAY,
    )
    arrivals = [arrive("birthday.told", NOON, birthday="03-20"), arrive("order.confirmed", NOON + HOUR)]
    member: Member | None = None
    for arrival in arrivals:
        member = step(alone(engine), member, arrival, gate=arrival.appended_at, watermark=end).member
    assert member is not None
    straight = wake(alone(engine), member, up_to=end, gate=NOON)
    decided, now = list[Decision](), NOON + HOUR
    for each in [*hours, 60 * 24]:
        now = min(now + each * HOUR, end)
        stepped = wake(alone(engine), member, up_to=now, gate=NOON)
        member, decided = stepped.member, [*decided, *stepped.decisions]
    assert tuple(decided) == straight.decisions
