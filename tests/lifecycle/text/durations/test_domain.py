from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import shown
from lifecycle.text.documents.domain import read_document
from lifecycle.text.durations.domain import (
    as_duration,
    as_elapsed,
    as_span,
    as_time_of_day,
    parse_duration,
    parse_elapsed,
    parse_span,
    parse_time_of_day,
)
from lifecycle.text.readers.domain import Reader, read


def reading(reader: Reader[object], text: str) -> object:
    node, faults = read_document(text)
    assert not faults
    assert node
    value, told = read(reader, node)
    return value if value is not None else "; ".join(map(str, told)).removeprefix("1:1: ")


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (as_span(), "7d", Span(7)),
        (as_span(), "2w", Span(2, "w")),
        (as_duration(), "1mo", Span(1, "mo")),
        (as_duration(), "36h", timedelta(hours=36)),
        (as_duration(), '"90m"', timedelta(minutes=90)),
        (as_elapsed(), "24h", timedelta(days=1)),
        (as_time_of_day(), "21:30", time(21, 30)),
        (as_time_of_day(), '"00:00"', time(0, 0)),
    ],
)
def test_what_is_meant_is_read(reader: Reader[object], text: str, value: object) -> None:
    assert reading(reader, text) == value


@pytest.mark.parametrize(
    ("reader", "text", "instead"),
    [
        (as_span(), "7 days", "7d"),
        (as_span(), "07d", "7d"),
        (as_span(), "３天", "3d"),
        (as_duration(), "3 Months", "3mo"),
        (as_duration(), "30分鐘", "30m"),
        (as_duration(), "2 週", "2w"),
        (as_elapsed(), "24H", "24h"),
        (as_time_of_day(), "1290", "21:30"),
        (as_time_of_day(), "2130", "21:30"),
        (as_time_of_day(), "9:00", "09:00"),
        (as_time_of_day(), "21：30", "21:30"),
        (as_time_of_day(), "21:30:00", "21:30"),
    ],
)
def test_what_is_nearly_right_is_refused_with_what_to_write(reader: Reader[object], text: str, instead: str) -> None:
    assert reading(reader, text) == f"write {instead} instead of {text}"


@pytest.mark.parametrize("text", ["0d", "3651d", "87601h", "-7d", "7", "d", "1y", "30s", "1.5d", "1M", "7d 2h", "P7D"])
def test_a_length_is_a_number_with_one_unit(text: str) -> None:
    assert str(reading(as_duration(), text)).startswith(f"'{text}' is no length of time; write 7d")


def test_elapsed_time_is_no_number_of_days_and_the_other_way_round() -> None:
    assert str(reading(as_span(), "36h")).startswith("'36h' is no number of days, weeks or months")
    assert str(reading(as_elapsed(), "7d")).startswith("'7d' is no number of hours or minutes")


@pytest.mark.parametrize("text", ["24:00", "25:61", "21.30", "99999", "noon", "9"])
def test_a_time_of_day_is_hours_and_minutes(text: str) -> None:
    assert reading(as_time_of_day(), text) == f"'{text}' is no time of day; write 21:30"


durations = st.builds(Span, st.integers(1, 3650), st.sampled_from(["d", "w", "mo"])) | st.integers(1, 5_000_000).map(
    lambda minutes: timedelta(minutes=minutes)
)


@given(durations)
def test_lengths_read_back_as_they_are_shown(duration: Span | timedelta) -> None:
    assert parse_duration(shown(duration)) == duration
    assert parse_span(shown(duration)) == (duration if isinstance(duration, Span) else None)
    assert parse_elapsed(shown(duration)) == (duration if isinstance(duration, timedelta) else None)


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)))
def test_times_read_back(moment: time) -> None:
    assert parse_time_of_day(f"{moment:%H:%M}") == moment
