"""Law 16: the leaf values alone give the outcome. What each node that only rules may ask means."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings

from factories.lifecycle_conditions import NUMBERS, TODAY, atoms, composed, rules_atoms, situation, situations
from lifecycle.calendars.domain import EPOCH, Span
from lifecycle.conditions.expressions.domain import (
    Aged,
    And,
    Attribute,
    Clamp,
    Compare,
    Condition,
    Count,
    Gap,
    Hour,
    In,
    Never,
    Not,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Or,
    Pace,
    Said,
    Since,
    Stands,
    Stayed,
)
from lifecycle.engine.explanations.domain import explain, outcome
from lifecycle.engine.readings.domain import Reading, Situation
from lifecycle.facts.attributes.domain import told
from lifecycle.facts.domain import Facts
from lifecycle.facts.tallies.domain import gathered
from lifecycle.members.domain import Episode

NOON = datetime(2026, 3, 30, 4, tzinfo=UTC)
"""Noon of a Monday in Shanghai, midnight in New York."""
HOUR = timedelta(hours=1)
ORDERED = {"amount_minor": 700, "channel": "self"}


@settings(max_examples=200, deadline=None)
@given(asked=situations(), condition=composed(atoms() | rules_atoms(), leaves=8))
def test_the_leaf_values_alone_give_the_outcome(asked: Situation, condition: Condition) -> None:
    explanation = explain(condition, asked)
    assert outcome(condition, explanation.values) == explanation.truth
    kept = msgspec.json.decode(msgspec.json.encode(explanation.values), type=dict[str, Reading])
    assert outcome(condition, kept) == explanation.truth


def test_an_explanation_names_what_decided() -> None:
    tally = gathered([(TODAY - 40, 1, 0), (TODAY - 20, 1, 0)])
    assert tally is not None
    at_risk = Or(
        (
            Aged(Since(("orders",)), ">", Clamp(Pace("orders", 2), Span(14), Span(1, "mo"))),
            And((Never(("orders",)), Aged(Since(("engaged", "joined")), ">", Span(7)))),
        )
    )
    explanation = explain(at_risk, situation({NUMBERS["orders"]: tally}, TODAY))
    assert not explanation.truth
    assert explanation.values == {"since(orders)": 20, "2 * orders.pace": 40.0, "1mo": 30}
    nothing = explain(at_risk, situation({}, TODAY))
    assert nothing.values["since(orders)"] is None
    assert not nothing.truth


def test_what_never_happened_counts_nothing_and_has_no_age() -> None:
    nothing = situation({}, TODAY)
    assert explain(Compare(Count("orders"), "<", 1), nothing).truth
    assert not explain(Aged(Since(("orders",)), "<=", Span(1)), nothing).truth
    assert not explain(Compare(Pace("orders"), "!=", 3), nothing).truth
    assert not explain(Attribute("source", ("wechat",)), nothing).truth
    assert not explain(OnBirthday(), nothing).truth
    assert not explain(Stayed("loyal", "<", Span(1)), nothing).truth
    assert not explain(Said("amount_minor", "!=", (1,)), nothing).truth


def known(**attributes: Any) -> Facts:
    return {NUMBERS[name]: told(value, at=NOON, event_id=UUID(int=1)) for name, value in attributes.items()}


ENTERED = {"loyal": Episode(3, NOON - 30 * HOUR, "event")}  # at 06:00 of the day before
BOTH = {NUMBERS["orders"]: gathered([(TODAY - 9, 1, 0)]), NUMBERS["chat"]: gathered([(TODAY - 2, 1, 0)])}


@pytest.mark.parametrize(
    ("condition", "facts", "expected", "values"),
    [
        (Hour(9, 12), {}, True, {"hour": 12}),
        (Hour(13, 11), {}, False, {"hour": 12}),
        (Hour(22, 8), known(tz="America/New_York"), True, {"hour": 0}),
        (Hour(12, 12), known(tz="nowhere"), True, {"hour": 12}),
        (Hour(12, 12), known(tz="Asia"), True, {"hour": 12}),
        (OnWeekday(("mon", "sun")), {}, True, {"weekday": "mon"}),
        (OnWeekday(("tue",)), {}, False, {"weekday": "mon"}),
        (OnHoliday(), {}, True, {"holiday": True}),
        (OnBirthday(), known(birthday="03-30"), True, {"birthday": True}),
        (OnBirthday(), known(birthday="03-30", tz="America/Los_Angeles"), False, {"birthday": False}),
        (OnBirthday(), known(birthday="30-03"), False, {"birthday": False}),
        (OnBirthday(), {}, False, {"birthday": None}),
        (Stayed("loyal", ">=", Span(1)), {}, True, {"since(loyal)": 1}),
        (Stayed("loyal", ">", Span(1)), {}, False, {"since(loyal)": 1}),
        (Stayed("loyal", ">=", 30 * HOUR), {}, True, {"since(loyal) in hours": 30.0}),
        (Stayed("loyal", "<", 30 * HOUR), {}, False, {"since(loyal) in hours": 30.0}),
        (Stayed("loyal", "<", Span(1, "mo")), {}, True, {"since(loyal)": 1, "1mo": 30}),
        (Stayed("chatty", "<", Span(9)), {}, False, {"since(chatty)": None}),
        (
            Gap(Since(("orders",)), Since(("chat",)), "==", Span(1, "w")),
            BOTH,
            True,
            {"since(orders)": 9, "since(chat)": 2},
        ),
        (
            Gap(Since(("orders",)), Since(("joined",)), "<", Span(9)),
            BOTH,
            False,
            {"since(orders)": 9, "since(joined)": None},
        ),
        (Said("amount_minor", ">=", (700,)), {}, True, {"event.amount_minor": 700}),
        (Said("channel", "==", ("assisted", "self")), {}, True, {"event.channel": "self"}),
        (Said("campaign_id", "!=", ("x",)), {}, False, {"event.campaign_id": None}),
        (Attribute("level", (3, 7)), known(level=7), True, {"level": 7}),
        (Stands("stage", ("retain", "convert")), {}, True, {"stage": "convert"}),
        (Stands("health", ("lost",)), {}, False, {"health": None}),
        (Not(In("chatty")), {}, True, {"in(chatty)": False}),
        (In("loyal"), {}, True, {"in(loyal)": True}),
    ],
    ids=str,
)
def test_what_is_asked(condition: Condition, facts: Facts, values: dict[str, Reading], *, expected: bool) -> None:
    asked = situation(
        facts,
        TODAY,
        at=NOON,
        standing={"stage": "convert", "loyal": "loyal"},
        episodes=ENTERED,
        event=ORDERED,
        holidays=frozenset({TODAY}),
    )
    explanation = explain(condition, asked)
    assert (explanation.truth, explanation.values) == (expected, values)


@pytest.mark.parametrize(
    ("born", "leap_birthday", "kept"),
    [
        ("02-28", "feb28", ["2027-02-28", "2028-02-28"]),
        ("02-29", "feb28", ["2027-02-28", "2028-02-29"]),
        ("02-29", "mar1", ["2027-03-01", "2028-02-29"]),
        ("03-01", "mar1", ["2027-03-01", "2028-03-01"]),
    ],
)
def test_a_birthday_is_kept_once_a_year(born: str, leap_birthday: str, kept: list[str]) -> None:
    first = datetime(2027, 1, 1).toordinal() - EPOCH  # noqa: DTZ001 - a day without a zone
    days = range(first, first + 365 + 366)
    found = [
        day
        for day in days
        if explain(OnBirthday(), situation(known(birthday=born), day, leap_birthday=leap_birthday)).truth
    ]
    assert [datetime.fromordinal(day + EPOCH).strftime("%Y-%m-%d") for day in found] == kept
