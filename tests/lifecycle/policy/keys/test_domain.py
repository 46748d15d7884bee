"""The key under which a rule acts once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Calendar
from lifecycle.conditions.expressions.domain import Among, Said, Streak
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Member
from lifecycle.policy.dates.domain import Told
from lifecycle.policy.guards.domain import Guards
from lifecycle.policy.keys.domain import key_of
from lifecycle.policy.rulebook.domain import EachYear, Enrolment, Enters, On, Per, Rule
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.domain import Arrival, step
from lifecycle.stepping.rules.domain import enrolled

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY = timedelta(days=1)
POINT = (GrantPoints(points=1, reason="test"),)
Arrive = Callable[..., Arrival]


def engine_of(**fields: Any) -> Engine:
    rule = Rule(**{"id": "more", "trigger": On("checkin.recorded"), "actions": POINT, **fields})
    return compiled(msgspec.structs.replace(SMALL_POLICY, rules=(rule,), guards=Guards()))


def told(engine: Engine, arrivals: list[Arrival]) -> list[tuple[str, str | None]]:
    member: Member | None = None
    decided: list[tuple[str, str | None]] = []
    for arrival in arrivals:
        at = arrival.appended_at
        stepped = step(alone(engine), member, arrival, gate=at, watermark=at)
        member = stepped.member
        decided += [(each.key, each.reason) for each in stepped.decisions]
    return decided


def checkins(arrive: Arrive, *days: int) -> list[Arrival]:
    return [
        arrive("checkin.recorded", NOON + day * DAY, number=n, business_day=date(2026, 3, 2) + day * DAY)
        for n, day in enumerate(days)
    ]


def test_a_streak_counts_once_and_the_next_one_again(arrive: Arrive) -> None:
    per = Per(("checkins.streak_start", "checkins.streak"))
    engine = engine_of(reentry=per, condition=Among(Streak("checkins"), (2, 3)))
    found = told(engine, checkins(arrive, 0, 1, 1, 2, 5, 6))
    assert found == [
        ("2026-03-02/1", "condition_false"),
        ("2026-03-02/2", None),
        ("2026-03-02/2", "already_fired"),
        ("2026-03-02/3", None),
        ("2026-03-07/1", "condition_false"),
        ("2026-03-07/2", None),
    ]


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("checkins.count", "3"),
        ("checkins.days", "2"),
        ("checkins.first", "2026-03-02"),
        ("checkins.last", "2026-03-04"),
        ("checkins.streak", "1"),
        ("orders.last", "-"),
        ("orders.streak_start", "-"),
        ("orders.distinct", "0"),
        ("streak", "1"),
    ],
)
def test_what_may_be_part_of_a_key(field: str, key: str, arrive: Arrive) -> None:
    *_, last = told(engine_of(reentry=Per((field,))), checkins(arrive, 0, 0, 2))
    assert last[0] == key


TEXTS = st.text("/\\-\0a", max_size=4) | st.sampled_from(["-", "a/b", "\\", "\\-"])
ABSENT = st.none()


@given(one=st.tuples(TEXTS, TEXTS | ABSENT), other=st.tuples(TEXTS, TEXTS | ABSENT))
def test_other_fields_are_another_key_whatever_is_in_them(
    one: tuple[str, str | None], other: tuple[str, str | None], arrive: Arrive
) -> None:
    """Else what was done for one would be taken for done for the other."""
    rule = Rule(id="r", trigger=On("message.sent"), actions=POINT, reentry=Per(("template", "channel")))
    nobody = Told({}, {}, Calendar(ZoneInfo("Asia/Shanghai")))
    sent = arrive("message.sent", NOON).event

    def key(template: str, channel: str | None) -> str:
        event = msgspec.structs.replace(sent, template=template, channel=channel)
        return key_of(rule, nobody, natural="", at=NOON, event=event)

    assert "\0" not in key(*one), "no row can hold it"
    assert (key(*one) == key(*other)) == (one == other)


def test_an_order_left_unpaid_is_followed_up_once_and_each_for_itself(arrive: Arrive) -> None:
    """A basket left behind: orders keep the deadline and tell its end, so that nothing here waits for two events to meet."""
    engine = engine_of(
        trigger=On("order.cancelled"), reentry=Per(("order_id",)), condition=Said("reason", "==", ("timeout",))
    )
    orders = [UUID(int=number) for number in (1, 1, 2, 3)]
    found = told(
        engine,
        [
            arrive("order.cancelled", NOON, number=number, order_id=order, reason=reason, cancelled_at=NOON)
            for number, (order, reason) in enumerate(zip(orders, ["timeout"] * 3 + ["member"], strict=True))
        ],
    )
    reasons = [None, "already_fired", None, "condition_false"]
    assert found == [(str(order), reason) for order, reason in zip(orders, reasons, strict=True)]


def test_a_year_is_the_businesss(arrive: Arrive) -> None:
    engine = engine_of(reentry=EachYear())
    found = told(engine, checkins(arrive, 0, 303, 304, 305))
    assert found == [("2026", None), ("2026", "already_fired"), ("2026", "already_fired"), ("2027", None)]


@pytest.mark.parametrize(
    ("reentry", "reasons"),
    [
        (EachYear(cooldown=400), [None, "already_fired", "cooling_down"]),
        (Per(("business_day",), cooldown=304), [None, "cooling_down", None]),
    ],
)
def test_a_cooldown_goes_with_any_of_them(reentry: Any, reasons: list[str | None], arrive: Arrive) -> None:
    found = told(engine_of(reentry=reentry), checkins(arrive, 0, 303, 305))
    assert [reason for _, reason in found] == reasons


@pytest.mark.parametrize(("reentry", "key"), [("once", ""), ("each", "the id"), (EachYear(), "2026")])
def test_an_operator_enrols_by_an_id_of_their_own(reentry: Any, key: str, arrive: Arrive) -> None:
    (rule,) = (engine := engine_of(trigger=Enrolment(), reentry=reentry)).policy.rules
    (arrival,) = checkins(arrive, 0)
    stepped = step(alone(engine), None, arrival, gate=NOON, watermark=NOON)
    assert stepped.decisions == ()
    occasion = enrolled(engine, stepped.member, rule, enrolment_id=arrival.event_id, at=NOON - DAY)
    expected = str(arrival.event_id) if reentry == "each" else key
    assert (occasion.key, occasion.at, occasion.value, occasion.depth) == (expected, NOON, None, 0)


def test_an_enrolled_member_is_asked_to_be_in_the_rules_value(arrive: Arrive) -> None:
    (rule,) = (engine := engine_of(trigger=Enters("activate"))).policy.rules
    (arrival,) = checkins(arrive, 0)
    member = step(alone(engine), None, arrival, gate=NOON, watermark=NOON).member
    occasion = enrolled(engine, member, rule, enrolment_id=arrival.event_id, at=NOON)
    assert (occasion.value, occasion.episode) == ("activate", 1)
