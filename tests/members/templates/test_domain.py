from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.members import template
from members.templates.domain import DEFAULT_TEMPLATES, faults

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(now=moments, days=st.integers(1, 3650))
def test_a_template_of_days_is_good_for_so_many_from_its_issue(now: datetime, days: int) -> None:
    assert template(valid_days=days).validity(now) == (now, now + timedelta(days=days))


@given(now=moments, starts_at=moments, ends_at=moments)
def test_a_window_is_never_left(now: datetime, starts_at: datetime, ends_at: datetime) -> None:
    windowed = template(valid_days=None, starts_at=starts_at, ends_at=ends_at)
    valid_from, expires_at = windowed.validity(now)

    assert valid_from >= max(now, starts_at)
    assert expires_at == ends_at
    assert windowed.open(now) == (now < ends_at)


@pytest.mark.parametrize("state", ["active", "paused", "ended"])
def test_only_an_active_template_is_open(state: str) -> None:
    assert template(state=state).open(NOW) == (state == "active")


def test_what_is_left_is_the_supply_without_what_was_issued() -> None:
    assert template(supply=None).left is None
    assert template(supply=5, issued=5).left == 0


@pytest.mark.parametrize(
    ("valid_days", "starts_at", "ends_at", "expected"),
    [
        (7, None, None, []),
        (None, NOW, NOW + timedelta(days=1), []),
        (None, None, None, ["valid_days, or starts_at and ends_at: give one of the two"]),
        (7, NOW, NOW + timedelta(days=1), ["valid_days, or starts_at and ends_at: give one of the two"]),
        (None, NOW, None, ["starts_at and ends_at: give both or neither"]),
        (None, NOW, NOW, ["ends_at: expected a moment after starts_at"]),
    ],
)
def test_the_validity_says_days_or_a_window(
    valid_days: int | None, starts_at: datetime | None, ends_at: datetime | None, expected: list[str]
) -> None:
    assert faults(valid_days=valid_days, starts_at=starts_at, ends_at=ends_at) == expected


def test_the_default_templates_take_off_less_than_must_be_spent_in_every_currency() -> None:
    for default in DEFAULT_TEMPLATES:
        assert default.fields("CNY")["value_minor"] == 100 * default.value
        assert default.fields("JPY")["value_minor"] == default.value
        assert default.value < default.minimum_spend
