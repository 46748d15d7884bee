from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.calendars.domain import EPOCH, Calendar, Span, ahead, back, leaves, length

ZONES = ["Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Africa/Cairo"]
SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))
LAW = settings(max_examples=200, deadline=None)

moments = st.integers(0, 1_600_000_000).map(
    lambda seconds: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
days = st.integers(-200, 30_000)
spans = st.builds(Span, st.integers(1, 40), st.sampled_from(["d", "w", "mo"]))


def day(year: int, month: int, day_of_month: int) -> int:
    return date(year, month, day_of_month).toordinal() - EPOCH


@LAW
@given(zone=st.sampled_from(ZONES), moment=moments)
def test_the_day_is_the_last_that_has_started(zone: str, moment: datetime) -> None:
    calendar = Calendar(ZoneInfo(zone))
    today = calendar.day_of(moment)
    assert calendar.start_of(today) <= moment < calendar.start_of(today + 1)


@LAW
@given(zone=st.sampled_from(ZONES), moment=moments, hours=st.integers(-23, 23))
def test_a_moment_has_its_day_wherever_its_own_clock_stands(zone: str, moment: datetime, hours: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert Calendar(ZoneInfo(zone)).day_of(elsewhere) == Calendar(ZoneInfo(zone)).day_of(moment)


@LAW
@given(zone=st.sampled_from(ZONES), moment=moments, seconds=st.integers(0, 200_000))
def test_days_never_go_back(zone: str, moment: datetime, seconds: int) -> None:
    calendar = Calendar(ZoneInfo(zone))
    assert calendar.day_of(moment) <= calendar.day_of(moment + timedelta(seconds=seconds))


def test_a_clock_that_falls_back_over_midnight_does_not_bring_yesterday_back() -> None:
    calendar = Calendar(ZoneInfo("America/St_Johns"))  # 00:01 became 23:01 of the day before, until 2011
    midnight = calendar.start_of(day(2006, 10, 29))
    for minutes in range(120):
        assert calendar.day_of(midnight + timedelta(minutes=minutes)) == day(2006, 10, 29)


@pytest.mark.parametrize(
    ("zone", "today", "starts"),
    [
        ("Asia/Shanghai", day(2026, 3, 1), datetime(2026, 2, 28, 16, tzinfo=UTC)),
        ("America/New_York", day(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("America/New_York", day(2026, 3, 9), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        ("America/Sao_Paulo", day(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),  # no midnight: 00:00 was 01:00
    ],
)
def test_where_a_day_starts(zone: str, today: int, starts: datetime) -> None:
    assert Calendar(ZoneInfo(zone)).start_of(today) == starts


def test_the_minute_before_midnight_in_shanghai_is_another_day() -> None:
    assert SHANGHAI.day_of(datetime(2026, 2, 28, 15, 59, tzinfo=UTC)) == day(2026, 2, 28)
    assert SHANGHAI.day_of(datetime(2026, 2, 28, 16, 0, tzinfo=UTC)) == day(2026, 3, 1)


@LAW
@given(today=days, span=spans)
def test_a_day_leaves_a_window_on_the_first_day_that_does_not_hold_it(today: int, span: Span) -> None:
    gone = leaves(today, span)
    assert back(gone, span) >= today > back(gone - 1, span)


@LAW
@given(today=days, span=spans)
def test_windows_move_forward(today: int, span: Span) -> None:
    assert back(today, span) <= back(today + 1, span) < today + 1


@pytest.mark.parametrize(
    ("today", "span", "before"),
    [
        (day(2024, 3, 31), Span(1, "mo"), day(2024, 2, 29)),
        (day(2026, 3, 31), Span(1, "mo"), day(2026, 2, 28)),
        (day(2024, 2, 29), Span(12, "mo"), day(2023, 2, 28)),
        (day(2026, 1, 15), Span(2, "mo"), day(2025, 11, 15)),
        (day(2026, 1, 15), Span(2, "w"), day(2026, 1, 1)),
        (day(2026, 1, 15), Span(7), day(2026, 1, 8)),
    ],
)
def test_where_windows_begin(today: int, span: Span, before: int) -> None:
    assert back(today, span) == before
    assert length(span, today) == today - before


def test_months_ahead_keep_to_the_last_day() -> None:
    assert ahead(day(2024, 1, 31), Span(1, "mo")) == day(2024, 2, 29)
    assert ahead(day(2024, 2, 29), Span(12, "mo")) == day(2025, 2, 28)


@pytest.mark.parametrize(
    ("duration", "then"),
    [
        (Span(1), datetime(2026, 3, 8, 14, tzinfo=UTC)),  # ten in the morning again, 23 hours later
        (Span(1, "w"), datetime(2026, 3, 14, 14, tzinfo=UTC)),
        (Span(1, "mo"), datetime(2026, 4, 7, 14, tzinfo=UTC)),
        (timedelta(hours=24), datetime(2026, 3, 8, 15, tzinfo=UTC)),
    ],
)
def test_waiting_over_a_change_of_the_clock(duration: Span | timedelta, then: datetime) -> None:
    new_york = Calendar(ZoneInfo("America/New_York"))
    assert new_york.after(datetime(2026, 3, 7, 15, tzinfo=UTC), duration) == then


@LAW
@given(zone=st.sampled_from(ZONES), moment=moments, span=spans)
def test_waiting_ends_later(zone: str, moment: datetime, span: Span) -> None:
    assert Calendar(ZoneInfo(zone)).after(moment, span) > moment
