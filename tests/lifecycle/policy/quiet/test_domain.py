"""Quiet hours, in every zone and over every change of clocks."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.policy.quiet.domain import Quiet, quiet_until, spread_over

NIGHT = Quiet(begins=time(21, 30), ends=time(8, 30))
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")

some_zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]).map(ZoneInfo)
some_moments = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
some_hours = st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1])


def at(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute, second = (*parts, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("clock", "end"),
    [
        ((2026, 11, 23, 21, 29, 59), None),
        ((2026, 11, 23, 21, 30), (2026, 11, 24, 8, 30)),
        ((2026, 11, 23, 23, 59), (2026, 11, 24, 8, 30)),
        ((2026, 11, 24, 0, 0), (2026, 11, 24, 8, 30)),
        ((2026, 11, 24, 8, 29, 59), (2026, 11, 24, 8, 30)),
        ((2026, 11, 24, 8, 30), None),
        ((2026, 12, 31, 22, 0), (2027, 1, 1, 8, 30)),
    ],
)
def test_a_night_ends_on_the_next_morning(clock: tuple[int, ...], end: tuple[int, ...] | None) -> None:
    expected = None if end is None else at(SHANGHAI, *end)
    assert quiet_until(NIGHT, at(SHANGHAI, *clock), SHANGHAI) == expected


def test_a_window_within_a_day_is_no_night() -> None:
    """Another system turned 22:00–06:00 into 06:00–22:00."""
    siesta = Quiet(begins=time(12), ends=time(14))
    assert quiet_until(siesta, at(SHANGHAI, 2026, 11, 23, 13), SHANGHAI) == at(SHANGHAI, 2026, 11, 23, 14)
    assert quiet_until(siesta, at(SHANGHAI, 2026, 11, 23, 23), SHANGHAI) is None


def test_the_members_clock_is_the_one_that_counts() -> None:
    moment = at(SHANGHAI, 2026, 11, 23, 12)
    assert quiet_until(NIGHT, moment, SHANGHAI) is None
    assert quiet_until(NIGHT, moment, NEW_YORK) == at(NEW_YORK, 2026, 11, 23, 8, 30)


@pytest.mark.parametrize(
    ("begins", "ends", "moment", "end"),
    [
        # Clocks go from 02:00 to 03:00 on 2026-03-08, and from 02:00 back to 01:00 on 2026-11-01.
        (time(1), time(2, 30), at(NEW_YORK, 2026, 3, 8, 1, 30), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        (time(21), time(7), at(NEW_YORK, 2026, 3, 7, 22), at(NEW_YORK, 2026, 3, 8, 7)),
        (time(0), time(1, 30), at(NEW_YORK, 2026, 11, 1, 0, 30), at(NEW_YORK, 2026, 11, 1, 1, 30)),
        (time(0), time(1, 30), at(NEW_YORK, 2026, 11, 1, 1, 15, fold=1), at(NEW_YORK, 2026, 11, 1, 1, 30, fold=1)),
    ],
)
def test_where_clocks_change_the_end_is_what_the_clock_shows(
    begins: time, ends: time, moment: datetime, end: datetime
) -> None:
    found = quiet_until(Quiet(begins=begins, ends=ends), moment, NEW_YORK)
    assert found == end.astimezone(UTC)


@given(hours=some_hours, moment=some_moments, zone=some_zones)
def test_the_end_is_soon_and_nobody_is_quiet_then(hours: tuple[time, time], moment: datetime, zone: ZoneInfo) -> None:
    quiet = Quiet(begins=hours[0], ends=hours[1])
    end = quiet_until(quiet, moment, zone)
    if end is not None:
        assert moment < end <= moment + timedelta(hours=25)
        assert (
            quiet_until(quiet, end, zone) is None
            or end.astimezone(zone).utcoffset() != moment.astimezone(zone).utcoffset()
        )


@given(unit=st.text(), minutes=st.integers(0, 600))
def test_a_units_moment_is_within_the_spread_and_always_the_same(unit: str, minutes: int) -> None:
    width = timedelta(minutes=minutes)
    moment = spread_over(width, unit)
    assert timedelta(0) <= moment <= width
    assert moment == spread_over(width, unit)


def test_units_are_spread_evenly() -> None:
    quarters = Counter(
        spread_over(timedelta(minutes=90), f"member {n}") // timedelta(minutes=22.6) for n in range(4_000)
    )
    assert set(quarters) == {0, 1, 2, 3}
    assert max(quarters.values()) < 1.15 * min(quarters.values())
