import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.conditions import accepted, refusals
from lifecycle.conditions.checking.domain import read_condition
from lifecycle.conditions.expressions.domain import Hour
from lifecycle.conditions.scopes.domain import Scope
from lifecycle.facts.measures.domain import COMPARE


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("hour in 9..21", "hour in 9..21"),
        ("hour in 22..6", "hour in 22..6"),
        ("hour not in 9..21", "not hour in 9..21"),
        ("hour = 9", "hour in 9..9"),
        ("hour != 9", "not hour in 9..9"),
        ("hour in [9]", "hour in 9..9"),
        ("hour in [9, 21]", "hour in 9..9 or hour in 21..21"),
        ("21 <= hour", "hour in 21..23"),
        ("weekday in [mon, 'sat']", "weekday in [mon, sat]"),
        ("weekday in mon..wed", "weekday in [mon, tue, wed]"),
        ("weekday in sat..mon", "weekday in [sat, sun, mon]"),
        ("weekday = 週六", "weekday in [sat]"),
        ("weekday != sun", "not weekday in [sun]"),
        ("holiday and not birthday", "holiday and not birthday"),
    ],
)
def test_ways_to_write(text: str, printed: str) -> None:
    assert str(accepted(text)) == printed


@given(st.integers(1, 22), st.sampled_from([">", ">=", "<", "<=", "=="]), st.integers(0, 23))
def test_an_hour_compared_is_the_range_of_hours_that_compare_so(hour: int, op: str, now: int) -> None:
    found = accepted(f"hour {op} {hour}")
    assert isinstance(found, Hour)
    compare = next(compare for sign, compare in COMPARE.items() if sign == op)
    assert (found.low <= now <= found.high) == compare(now, hour)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hour > 23", "1:1: no hour of the day is > 23"),
        ("hour < 0", "1:1: no hour of the day is < 0"),
        ("hour in 9..24", "1:12: an hour is 0 to 23; found '24'"),
        ("hour = 9h", "1:8: a number without a unit is expected here: write 9 instead of '9h'"),
        ("hour = '21:30'", "1:8: a whole number is expected here; found ''21:30''"),
        ("weekday > mon", "1:1: 'weekday' is compared by =, != or in with a list, not by >"),
        (
            "weekday in [mon, 6]",
            "1:18: here stands the name of a day of the week, one of: mon, tue, wed, thu, fri, sat, sun; found '6'",
        ),
    ],
)
def test_what_is_in_no_almanac_is_told(text: str, told: str) -> None:
    assert refusals(text) == [told]


def test_what_the_policy_does_not_know_cannot_be_asked() -> None:
    assert [str(fault) for fault in read_condition("holiday or birthday", Scope(asked_in="rules")).faults] == [
        "1:1: the policy lists no holidays; list them under calendar",
        "1:12: the policy knows no birthdays; declare an attribute birthday",
    ]
