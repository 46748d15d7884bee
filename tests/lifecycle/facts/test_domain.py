"""Law 1: shuffle and delay leave the facts as they are; the facts of two halves, united, are the facts of the whole."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.calendars.domain import EPOCH
from lifecycle.default_policy import DEFAULT_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import VERSION, Facts, FactsError, decode, encode, folded, united
from lifecycle.stepping.domain import Arrival
from lifecycle.tallies.domain import Tally, cells

LAW = settings(max_examples=100, deadline=None)
ENGINE = compiled(DEFAULT_POLICY)
ENGAGED, CHAT, CHECKINS, ORDERS = (ENGINE.numbers[name] for name in ("engaged", "chat", "checkins", "orders"))
NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
TODAY = NOON.toordinal() - EPOCH
Arrive = Callable[..., Arrival]

happenings = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            ["chat.message_counted", "checkin.recorded", "order.confirmed", "order.voided", "member.registered"]
        ),
        "hours": st.integers(0, 2_000),
        "amount_minor": st.integers(0, 90_000),
        "messages": st.integers(0, 40),
        "days_ago": st.integers(0, 9),
    }
)
histories = st.lists(happenings, max_size=30)


def after(arrivals: list[Arrival], facts: Facts | None = None) -> Facts:
    facts = facts or {}
    for arrival in arrivals:
        facts = folded(
            facts,
            arrival.event,
            folds=ENGINE.folds.get(arrival.event.NAME, ()),
            time=arrival.time,
            appended_at=arrival.appended_at,
            calendar=ENGINE.calendar,
        )
    return facts


def arrivals_of(history: list[dict[str, Any]], arrive: Arrive, *, delay: timedelta = timedelta()) -> list[Arrival]:
    arrivals = []
    for happening in history:
        at = NOON + timedelta(hours=happening["hours"])
        fields = {"amount_minor": happening["amount_minor"], "messages": happening["messages"]}
        confirmed_at = at - timedelta(days=happening["days_ago"]) if happening["name"] == "order.voided" else at
        arrivals.append(arrive(happening["name"], at, appended_at=at + delay, confirmed_at=confirmed_at, **fields))
    return arrivals


@LAW
@given(history=histories, order=st.randoms(use_true_random=False), hours=st.integers(0, 500))
def test_order_and_delay_leave_no_trace(
    history: list[dict[str, Any]], order: Random, hours: int, arrive: Arrive
) -> None:
    expected = after(arrivals_of(history, arrive))
    shuffled = arrivals_of(history, arrive, delay=timedelta(hours=hours))
    order.shuffle(shuffled)
    assert after(shuffled) == expected
    assert encode(after(shuffled)) == encode(expected)


@LAW
@given(history=histories, cut=st.integers(0, 30))
def test_the_facts_of_both_parts_are_the_facts_of_the_whole(
    history: list[dict[str, Any]], cut: int, arrive: Arrive
) -> None:
    arrivals = arrivals_of(history, arrive)
    one, other = after(arrivals[:cut]), after(arrivals[cut:])
    assert united(one, other) == united(other, one) == after(arrivals)
    assert united(one, {}) == united({}, one) == one
    assert encode(united(one, other)) == encode(after(arrivals))


@LAW
@given(data=st.data())
def test_bytes_give_the_facts_back(data: st.DataObject, some_facts: st.SearchStrategy[Facts]) -> None:
    facts = data.draw(some_facts)
    assert decode(encode(facts)) == facts


@pytest.mark.parametrize("encoded", [b"", b"\x02\x80", VERSION, VERSION + b"\x81\x01", VERSION + b"\x81\xa1a\x90"])
def test_other_bytes_are_refused(encoded: bytes) -> None:
    with pytest.raises(FactsError, match="facts: "):
        decode(encoded)


def test_an_event_counts_for_every_metric_that_names_it(arrive: Arrive) -> None:
    facts = after([arrive("chat.message_counted", NOON, messages=4), arrive("checkin.recorded", NOON)])
    assert facts == {ENGAGED: Tally(TODAY, 2, 0), CHAT: Tally(TODAY, 1, 4), CHECKINS: Tally(TODAY, 1, 0)}


def test_an_event_that_no_metric_names_changes_nothing(arrive: Arrive) -> None:
    assert after([arrive("profile.changed", NOON)]) == {}


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 10, 15, 59, 59, 999_999, tzinfo=UTC), TODAY),  # 23:59 in Shanghai
        (datetime(2026, 3, 10, 16, 0, tzinfo=UTC), TODAY + 1),
    ],
)
def test_a_day_is_a_business_day(at: datetime, day: int, arrive: Arrive) -> None:
    assert after([arrive("checkin.recorded", at)])[CHECKINS] == Tally(day, 1, 0)


def test_an_event_lands_on_the_day_of_its_own_time_but_not_after_it_was_appended(arrive: Arrive) -> None:
    late = arrive("checkin.recorded", NOON, appended_at=NOON + timedelta(days=3))
    early = arrive("checkin.recorded", NOON + timedelta(days=3), appended_at=NOON)
    ancient = arrive("checkin.recorded", datetime.min.replace(tzinfo=UTC), appended_at=NOON)
    assert [after([arrival])[CHECKINS].day for arrival in (late, early, ancient)] == [TODAY, TODAY, 0]


def test_a_retraction_lands_on_the_day_of_what_it_undoes(arrive: Arrive) -> None:
    bought = [arrive("order.confirmed", NOON + timedelta(days=day), amount_minor=700) for day in (0, 3)]
    voided = arrive("order.voided", NOON + timedelta(days=9), amount_minor=700, confirmed_at=NOON)
    assert [*cells(after([*bought, voided])[ORDERS])] == [(TODAY + 3, 1, 700)]
    assert after([voided, *bought]) == after([*bought, voided])
    assert after([voided])[ORDERS] == Tally(TODAY, -1, -700)
    assert after([voided, bought[0]]) == {}


def test_an_order_confirmed_before_midnight_and_told_after_it_is_undone_all_the_same(arrive: Arrive) -> None:
    confirmed_at = datetime(2026, 3, 10, 15, 59, tzinfo=UTC)
    told_at = confirmed_at + timedelta(minutes=2)
    confirmed = arrive("order.confirmed", told_at, confirmed_at=confirmed_at)
    assert after([confirmed, arrive("order.voided", told_at, confirmed_at=confirmed_at)]) == {}


@pytest.mark.parametrize(("events", "goal"), [(1, 20), (100, 450), (1_000, 3_000)])
@pytest.mark.parametrize("hours", [5, 24])
def test_facts_are_small(events: int, goal: int, hours: int, arrive: Arrive) -> None:
    """Half chat, a quarter check-ins, the rest orders and messages read; at worst a day of its own for every event."""
    random = Random(events)
    kinds = ["chat.message_counted"] * 4 + ["checkin.recorded"] * 2 + ["order.confirmed", "message.read"]
    arrivals = [
        arrive(
            random.choice(kinds),
            NOON + timedelta(hours=hours * number),
            amount_minor=random.randint(500, 20_000),
            messages=random.randint(1, 9),
        )
        for number in range(events)
    ]
    assert len(encode(after(arrivals))) <= goal
