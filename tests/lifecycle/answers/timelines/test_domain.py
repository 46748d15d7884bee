from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.answers.timelines.domain import KINDS, Kind, as_id, before, from_id, mark

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
entries = st.tuples(st.integers(0, 3), st.sampled_from(KINDS), st.integers(1, 4))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside it


@given(one=entries, other=entries)
def test_before_a_mark_stands_what_is_less(one: tuple[int, Kind, int], other: tuple[int, Kind, int]) -> None:
    """So that what each kind is asked for is what the order of all of them says."""
    (day, kind, number), (end_day, end_kind, end_number) = one, other
    moment = START + timedelta(days=day)
    end = mark(START + timedelta(days=end_day), end_kind, end_number)
    bound, below = before(end, kind)
    assert bound is not None
    assert ((moment, number) < (bound, below)) is (mark(moment, kind, number) < end)


@given(moment=moments, kind=st.sampled_from(KINDS), number=st.integers(0, 2**62 - 1))
def test_a_mark_is_found_again_in_its_cursor(moment: datetime, kind: Kind, number: int) -> None:
    end = mark(moment, kind, number)
    assert from_id(as_id(end)) == end


@given(cursor=st.uuids())
def test_any_other_cursor_is_a_mark_or_none(cursor: UUID) -> None:
    end = from_id(cursor)
    assert end is None or as_id(end) == cursor


def test_from_the_last_on_nothing_bounds() -> None:
    assert before(None, "decision") == (None, 0)
