"""Law 1: shuffle and delay leave the facts as they are; the facts of two halves, united, are the facts of the whole. Of
tallies, with a filter and a retraction; of distinct values; of attributes, also when they were told at one moment.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import EPOCH
from lifecycle.conditions.expressions.domain import Said
from lifecycle.engine.domain import Engine, compiled
from lifecycle.facts.distincts.domain import MOST, SATURATED, size
from lifecycle.facts.domain import (
    VERSION,
    Facts,
    FactsError,
    attribute_of,
    decode,
    distinct_of,
    encode,
    folded,
    united,
)
from lifecycle.facts.tallies.domain import Tally, added
from lifecycle.policy.sources.domain import AttributeSource, Metric, Retraction
from lifecycle.stepping.domain import Arrival

LAW = settings(max_examples=100, deadline=None)
ENGINE = compiled(SMALL_POLICY)
RICH = compiled(
    msgspec.structs.replace(
        SMALL_POLICY,
        metrics=(
            *SMALL_POLICY.metrics,
            Metric(
                name="large",
                number=10,
                events=("order.confirmed",),
                sums="amount_minor",
                where=Said("amount_minor", ">=", (5_000,)),
                retraction=Retraction("order.voided", "confirmed_at"),
            ),
            Metric(name="streaks", number=11, events=("checkin.recorded",), distinct="streak"),
            Metric(name="campaigns", number=12, events=("order.confirmed",), distinct="campaign_id"),
        ),
        attributes=(
            AttributeSource(name="level", number=1, event="checkin.recorded", field="streak"),
            AttributeSource(name="source", number=2, event="member.registered", field="channel"),
            AttributeSource(name="campaign", number=127, event="order.confirmed", field="campaign_id"),
        ),
    )
)
LARGE, STREAKS, LEVEL, CAMPAIGN = (RICH.numbers[name] for name in ("large", "streaks", "level", "campaign"))
ENGAGED, CHAT, CHECKINS, ORDERS = (ENGINE.numbers[name] for name in ("engaged", "chat", "checkins", "orders"))
NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
TODAY = NOON.toordinal() - EPOCH
Arrive = Callable[..., Arrival]

happenings = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            ["chat.message_counted", "checkin.recorded", "order.confirmed", "order.voided", "member.registered"]
        ),
        "hours": st.integers(0, 10) | st.integers(0, 2_000),
        "amount_minor": st.integers(4_990, 5_010) | st.integers(0, 90_000),
        "streak": st.integers(0, 200),
        "campaign_id": st.none() | st.integers(0, 3).map(lambda number: UUID(int=number)),
        "channel": st.sampled_from(["self", "assisted"]),
        "messages": st.integers(0, 40),
        "days_ago": st.integers(0, 9),
    }
)
histories = st.lists(happenings, max_size=30)


def after(arrivals: list[Arrival], engine: Engine = ENGINE) -> Facts:
    facts: Facts = {}
    for arrival in arrivals:
        facts = folded(
            facts,
            arrival.event,
            folds=engine.folds.get(arrival.event.NAME, ()),
            event_id=arrival.event_id,
            time=arrival.time,
            appended_at=arrival.appended_at,
        )
    return facts


def arrivals_of(history: list[dict[str, Any]], arrive: Arrive, *, delay: timedelta = timedelta()) -> list[Arrival]:
    arrivals = []
    for number, happening in enumerate(history):
        at = NOON + timedelta(hours=happening["hours"])
        fields = {name: happening[name] for name in ("amount_minor", "messages", "streak", "campaign_id", "channel")}
        confirmed_at = at - timedelta(days=happening["days_ago"]) if happening["name"] == "order.voided" else at
        arrivals.append(
            arrive(happening["name"], at, number=number, appended_at=at + delay, confirmed_at=confirmed_at, **fields)
        )
    return arrivals


@LAW
@given(history=histories, order=st.randoms(use_true_random=False), hours=st.integers(0, 500))
def test_order_and_delay_leave_no_trace(
    history: list[dict[str, Any]], order: Random, hours: int, arrive: Arrive
) -> None:
    expected = after(arrivals_of(history, arrive), RICH)
    shuffled = arrivals_of(history, arrive, delay=timedelta(hours=hours))
    order.shuffle(shuffled)
    assert after(shuffled, RICH) == expected
    assert encode(after(shuffled, RICH)) == encode(expected)


@LAW
@given(history=histories, cut=st.integers(0, 30))
def test_the_facts_of_both_parts_are_the_facts_of_the_whole(
    history: list[dict[str, Any]], cut: int, arrive: Arrive
) -> None:
    arrivals = arrivals_of(history, arrive)
    one, other = after(arrivals[:cut], RICH), after(arrivals[cut:], RICH)
    assert united(one, other) == united(other, one) == after(arrivals, RICH)
    assert united(one, {}) == united({}, one) == one
    assert encode(united(one, other)) == encode(after(arrivals, RICH))


@settings(max_examples=25, deadline=None)
@given(order=st.randoms(use_true_random=False), cut=st.integers(0, 80), streaks=st.integers(MOST - 2, MOST + 2))
def test_too_many_values_are_too_many_in_any_order(order: Random, cut: int, streaks: int, arrive: Arrive) -> None:
    arrivals = [
        arrive("checkin.recorded", NOON, number=number, streak=number % streaks) for number in range(streaks + 9)
    ]
    expected = after(arrivals, RICH)
    assert (distinct_of(expected, STREAKS) == SATURATED) == (streaks > MOST)
    order.shuffle(arrivals)
    assert united(after(arrivals[:cut], RICH), after(arrivals[cut:], RICH)) == after(arrivals, RICH) == expected


@LAW
@given(data=st.data())
def test_bytes_give_the_facts_back(data: st.DataObject, some_facts: st.SearchStrategy[Facts]) -> None:
    facts = data.draw(some_facts)
    assert decode(encode(facts)) == facts


@pytest.mark.parametrize("encoded", [b"", b"\x02\x80", VERSION, VERSION + b"\x81\x01", VERSION + b"\x81\xa1a\x90"])
def test_other_bytes_are_refused(encoded: bytes) -> None:
    with pytest.raises(FactsError, match="facts: "):
        decode(encoded)


def test_rows_from_before_distinct_values_and_attributes_are_read_and_written_as_they_were() -> None:
    row = bytes.fromhex("01820294cd50280300c00594cd502801cd02bc9602c40409cd01f401cd01f401cd5026")
    assert decode(row) == {2: Tally(20_520, 3, 0), 5: added(Tally(20_518, 1, 500), 20_520, 1, 700)}
    assert encode(decode(row)) == row


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
    tallies = [after([arrival])[CHECKINS] for arrival in (late, early, ancient)]
    assert tallies == [Tally(day, 1, 0) for day in (TODAY, TODAY, 0)]


def test_a_retraction_lands_on_the_day_of_what_it_undoes(arrive: Arrive) -> None:
    bought = [arrive("order.confirmed", NOON + timedelta(days=day), amount_minor=700) for day in (0, 3)]
    voided = arrive("order.voided", NOON + timedelta(days=9), amount_minor=700, confirmed_at=NOON)
    assert after([*bought, voided])[ORDERS] == Tally(TODAY + 3, 1, 700)
    assert after([voided, *bought]) == after([*bought, voided])
    assert after([voided])[ORDERS] == Tally(TODAY, -1, -700)
    assert after([voided, bought[0]]) == {}


def test_a_filter_counts_what_it_lets_pass_and_takes_back_no_more(arrive: Arrive) -> None:
    amounts = {0: 4_999, 1: 5_000, 2: 9_000}
    bought = [arrive("order.confirmed", NOON + timedelta(days=day), amount_minor=each) for day, each in amounts.items()]
    voided = [
        arrive(
            "order.voided", NOON + timedelta(days=9), amount_minor=amounts[day], confirmed_at=NOON + timedelta(days=day)
        )
        for day in (0, 1)
    ]
    assert after([*bought, *voided], RICH)[LARGE] == Tally(TODAY + 2, 1, 9_000)


def test_the_last_to_tell_is_right_and_nobody_tells_before_they_were_heard(arrive: Arrive) -> None:
    def level(*told: tuple[int, int, int]) -> object:
        arrivals = [
            arrive(
                "checkin.recorded", NOON + timedelta(hours=at), appended_at=NOON + timedelta(hours=heard), streak=streak
            )
            for at, heard, streak in told
        ]
        assert after(arrivals, RICH) == after(arrivals[::-1], RICH)
        return attribute_of(after(arrivals, RICH), LEVEL)

    assert level((0, 0, 1), (5, 5, 2)) == 2
    assert level((5, 5, 2), (0, 9, 1)) == 2  # heard later, said earlier
    assert level((99, 3, 1), (5, 5, 2)) == 2  # a clock that was ahead
    assert level() is None


def test_who_says_nothing_of_an_attribute_or_a_value_changes_none(arrive: Arrive) -> None:
    said = arrive("order.confirmed", NOON, campaign_id=UUID(int=3))
    silent = arrive("order.confirmed", NOON + timedelta(days=1))
    facts = after([said, silent], RICH)
    assert attribute_of(facts, CAMPAIGN) == str(UUID(int=3))
    assert size(distinct_of(facts, RICH.numbers["campaigns"]) or b"") == 1
    assert after([silent], RICH).keys() == {ORDERS, RICH.numbers["campaigns"]}


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


def test_distinct_values_and_attributes_are_small(arrive: Arrive) -> None:
    """A value counts eight bytes, an attribute its time, id and value."""
    arrivals = [arrive("checkin.recorded", NOON, streak=number) for number in range(9)]
    plain, rich = (len(encode(after(arrivals, engine))) for engine in (ENGINE, RICH))
    tally = len(encode({STREAKS: Tally(TODAY, 9, 0)})) - 2
    assert rich - plain == tally + (1 + 2 + 9 * 8) + (3 + 2 + 8 + 16 + 1)
