"""How many may be enrolled by now, and whether as many are meant as were confirmed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.publishing.enrolments.domain import allowed, is_about

START = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.integers(12, 600_000), st.lists(st.integers(0, 3_600), max_size=30))
def test_a_lane_keeps_its_share_of_the_pace(per_minute: int, seconds: list[int]) -> None:
    done = 0
    for second in sorted(seconds):
        done += allowed(per_minute, lanes=12, started_at=START, now=START + timedelta(seconds=second), done=done)
        assert done <= per_minute / 12 * (second / 60 + 1)
    assert done >= (per_minute // 12 if seconds else 0)


@pytest.mark.parametrize(
    ("confirmed", "now", "same"),
    [(0, 0, True), (100, 110, True), (100, 112, False), (100, 90, True), (0, 1, False), (1, 0, False)],
)
def test_a_tenth_more_or_fewer_is_about_as_many(confirmed: int, now: int, same: bool) -> None:
    assert is_about(confirmed, now) is same
