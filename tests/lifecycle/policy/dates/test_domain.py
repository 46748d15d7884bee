"""The moments that the calendar brings, against all days counted one by one; where clocks are moved; the 29th of February."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.facts.attributes.domain import told as news
from lifecycle.facts.domain import ATTRIBUTES, Facts
from lifecycle.facts.tallies.domain import gathered
from lifecycle.policy.dates.domain import (
    Dated,
    Dating,
    DaysAfter,
    Scheduled,
    Told,
    Yearly,
    datings,
    end_of_day,
    moment_of,
)

ZONES = ["Asia/Shanghai", "America/New_York", "Africa/Cairo", "Pacific/Apia", "Pacific/Kiritimati"]
PLACES = {"joined": 1, "birthday": ATTRIBUTES + 1, "tz": ATTRIBUTES + 2}
NEW_YORK = ZoneInfo("America/New_York")
TEN = time(10)
START = datetime(2026, 3, 2, 4, tzinfo=UTC)
ANNA = "rule", UUID(int=1)


def day(written: str) -> int:
    return date.fromisoformat(written).toordinal() - EPOCH


def known(*joined: int, birthday: str | None = None, tz: str | None = None, business: str = "Asia/Shanghai") -> Told:
    facts: Facts = {1: tally} if (tally := gathered([(each, 1, 0) for each in joined])) else {}
    for name, value in (("birthday", birthday), ("tz", tz)):
        if value is not None:
            facts[PLACES[name]] = news(value, at=START, event_id=UUID(int=1))
    return Told(facts, PLACES, Calendar(ZoneInfo(business)))


def first(trigger: Dated, told: Told, count: int = 3, *, after: datetime = START, who: UUID = ANNA[1]) -> list[Dating]:
    found = datings(trigger, told, unit=("rule", who), after=after)
    return [dating for dating, _ in zip(found, range(count), strict=False)]


def local(datings: list[Dating], zone: str = "Asia/Shanghai") -> list[str]:
    return [f"{each.key} {each.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for each in datings]


def week(**more: Any) -> DaysAfter:
    return DaysAfter(**{"metric": "joined", "edge": "first", "low": 1, "high": 7, "at": TEN, **more})


def test_each_of_seven_days_after_the_first() -> None:
    told = known(day("2026-02-28"), day("2026-03-01"))
    assert local(first(week(), told, 9)) == [
        "3 2026-03-03 10:00",
        "4 2026-03-04 10:00",
        "5 2026-03-05 10:00",
        "6 2026-03-06 10:00",
        "7 2026-03-07 10:00",
    ]
    last = week(edge="last", low=30, high=30)
    assert local(first(last, told)) == ["2026-03-01+30 2026-03-31 10:00"]
    assert first(week(), known()) == []


@pytest.mark.parametrize(
    ("born", "leap", "kept"),
    [
        ("03-02", "feb28", ["2027 2027-03-02 09:00", "2028 2028-03-02 09:00"]),  # today's was three hours ago
        ("03-03", "feb28", ["2026 2026-03-03 09:00", "2027 2027-03-03 09:00"]),
        ("02-29", "feb28", ["2027 2027-02-28 09:00", "2028 2028-02-29 09:00"]),
        ("02-29", "mar1", ["2027 2027-03-01 09:00", "2028 2028-02-29 09:00"]),
        ("12-31", "feb28", ["2026 2026-12-31 09:00", "2027 2027-12-31 09:00"]),
        ("", "feb28", []),
        ("02-30", "feb28", []),
        ("W10-1", "feb28", []),
    ],
)
def test_a_day_of_each_year(born: str, leap: Any, kept: list[str]) -> None:
    trigger = Yearly(attribute="birthday", leap=leap, at=time(9))
    assert local(first(trigger, known(birthday=born), 2)) == kept


def test_a_schedule_of_weekdays_and_of_a_day_of_the_month() -> None:
    still = timedelta(0)
    weekly = Scheduled(weekdays=("mon", "fri"), at=time(20), spread=still)
    assert local(first(weekly, known())) == [
        "2026-03-02 2026-03-02 20:00",
        "2026-03-06 2026-03-06 20:00",
        "2026-03-09 2026-03-09 20:00",
    ]
    monthly = Scheduled(month_day=31, at=time(20), spread=still)
    assert local(first(monthly, known(), 2)) == ["2026-03 2026-03-31 20:00", "2026-04 2026-04-30 20:00"]
    last = Scheduled(month_day="last", at=time(20), spread=still)
    february = datetime(2028, 2, 3, tzinfo=UTC)
    assert local(first(last, known(), 1, after=february)) == ["2028-02 2028-02-29 20:00"]


def test_by_the_members_clock_once_it_is_told() -> None:
    theirs = week(clock="member")
    joined = day("2026-03-01")
    assert local(first(theirs, known(joined, tz="America/New_York"), 1), "America/New_York") == ["1 2026-03-02 10:00"]
    for unknown in (None, "", "nowhere"):
        assert local(first(theirs, known(joined, tz=unknown), 1)) == ["2 2026-03-03 10:00"]


@pytest.mark.parametrize(
    ("written", "clock", "expected"),
    [
        ("2026-03-08", time(1, 59), "2026-03-08T06:59"),
        ("2026-03-08", time(2, 30), "2026-03-08T07:30"),  # skipped: an hour later by the clock, 03:30
        ("2026-03-08", time(3), "2026-03-08T07:00"),
        ("2026-11-01", time(1, 30), "2026-11-01T05:30"),  # twice: the first
        ("2026-11-01", time(2), "2026-11-01T07:00"),
    ],
)
def test_where_the_clock_is_moved(written: str, clock: time, expected: str) -> None:
    moment = moment_of(day(written), clock, NEW_YORK)
    assert f"{moment:%Y-%m-%dT%H:%M}" == expected
    nightly = Scheduled(weekdays=("sun",), at=clock, spread=timedelta(0), clock="member")
    told = known(tz="America/New_York")
    before = moment_of(day(written) - 1, clock, NEW_YORK)
    assert first(nightly, told, 1, after=before) == [Dating(moment, written)]
    assert first(nightly, told, 1, after=moment)[0].key != written


def test_a_day_ends_at_its_last_instant_also_when_it_is_short() -> None:
    assert end_of_day(datetime(2026, 3, 8, 12, tzinfo=UTC), NEW_YORK) == datetime(
        2026, 3, 9, 3, 59, 59, 999_999, tzinfo=UTC
    )


triggers = st.one_of(
    st.builds(
        DaysAfter,
        metric=st.just("joined"),
        edge=st.sampled_from(["first", "last"]),
        low=st.integers(0, 9),
        high=st.integers(9, 30),
        at=st.times(),
        clock=st.sampled_from(["member", "business"]),
        spread=st.integers(0, 1440).map(lambda minutes: timedelta(minutes=minutes)),
    ),
    st.builds(
        Yearly,
        attribute=st.just("birthday"),
        at=st.times(),
        clock=st.sampled_from(["member", "business"]),
        leap=st.sampled_from(["feb28", "mar1"]),
    ),
    st.builds(
        Scheduled,
        weekdays=st.just(("mon", "thu")),
        month_day=st.none() | st.integers(28, 31) | st.just("last"),
        at=st.times(),
        clock=st.sampled_from(["member", "business"]),
        spread=st.integers(0, 1440).map(lambda minutes: timedelta(minutes=minutes)),
    ),
)
toldings = st.builds(
    known,
    st.integers(day("2026-02-10"), day("2026-03-30")),
    st.integers(day("2026-02-10"), day("2026-03-30")),
    birthday=st.sampled_from(["02-28", "02-29", "03-08", "12-31", "01-01", "", "99-99"]),
    tz=st.sampled_from(["", *ZONES]),
    business=st.sampled_from(ZONES),
)
FAR = datetime(2025, 12, 1, tzinfo=UTC)
END = datetime(2028, 6, 1, tzinfo=UTC)


@given(trigger=triggers, told=toldings, hours=st.integers(0, 20_000))
def test_whenever_it_is_asked_for_the_next_is_the_same(trigger: Dated, told: Told, hours: int) -> None:
    """From any moment on, exactly what asking once, from long before, finds later than it; each key once, in order."""
    all_of_them = [*takewhile(lambda each: each.at < END, datings(trigger, told, unit=ANNA, after=FAR))]
    assert [each.at for each in all_of_them] == sorted(each.at for each in all_of_them)
    assert len({each.key for each in all_of_them}) == len(all_of_them)
    after = FAR + hours * timedelta(hours=1)
    found = [*takewhile(lambda each: each.at < END, datings(trigger, told, unit=ANNA, after=after))]
    assert found == [each for each in all_of_them if each.at > after]


@given(told=toldings, spread=st.integers(1, 90))
def test_members_are_spread_each_at_a_moment_of_their_own(told: Told, spread: int) -> None:
    width = timedelta(minutes=spread)
    trigger = Scheduled(weekdays=("wed",), at=TEN, spread=width)
    nobody = first(Scheduled(weekdays=("wed",), at=TEN, spread=timedelta(0)), told, 1)[0].at
    later = [first(trigger, told, 1, who=UUID(int=number))[0].at - nobody for number in range(60)]
    assert all(timedelta(0) <= each <= width for each in later)
    assert len(set(later)) > 30
