from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.facts.attributes.domain import LONGEST, told, value_of

moments = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - hypothesis adds the zone
telling = st.tuples(moments, st.uuids(), st.text(max_size=3) | st.integers(-5, 5) | st.booleans())


@given(one=telling, other=telling)
def test_the_greater_bytes_are_the_later(
    one: tuple[datetime, UUID, str | int], other: tuple[datetime, UUID, str | int]
) -> None:
    first, second = (told(value, at=at, event_id=event_id) for at, event_id, value in (one, other))
    if one[:2] != other[:2]:
        assert (first > second) == (one[:2] > other[:2])


@given(at=moments, event_id=st.uuids())
def test_at_one_moment_the_id_decides(at: datetime, event_id: UUID) -> None:
    other = UUID(int=event_id.int ^ 1)
    assert value_of(max(told("a", at=at, event_id=event_id), told("b", at=at, event_id=other))) == (
        "a" if event_id > other else "b"
    )


@pytest.mark.parametrize("value", ["", "社區" * 32, 0, -(2**63), 2**64 - 1, True, False])
def test_bytes_give_the_value_back(value: str | int | bool) -> None:
    kept = value_of(told(value, at=datetime(1970, 1, 1, tzinfo=UTC), event_id=UUID(int=0)))
    assert (kept, type(kept)) == (value, type(value))


def test_a_long_text_is_cut() -> None:
    assert value_of(told("x" * 65, at=datetime(2026, 1, 1, tzinfo=UTC), event_id=UUID(int=0))) == "x" * LONGEST


def test_a_microsecond_counts() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    later = told("b", at=at + timedelta(microseconds=1), event_id=UUID(int=0))
    assert value_of(max(told("a", at=at, event_id=UUID(int=9)), later)) == "b"
