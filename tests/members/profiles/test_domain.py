from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.profiles.domain import OLDEST, Profile, check_birthday, normal_phone

TODAY = date(2026, 5, 1)
profiles = st.builds(
    Profile,
    display_name=st.none() | st.text(max_size=9),
    phone=st.none() | st.just("+8613800138000"),
    birthday=st.none() | st.dates(OLDEST, TODAY).map(str),
    gender=st.none() | st.sampled_from(["female", "male", "other"]),
)


@pytest.mark.parametrize(
    "written", ["13800138000", "138 0013-8000", "+86 138 0013 8000", "0086 13800138000", "(+86) 138.0013.8000"]
)
def test_one_number_has_one_way_to_be_written(written: str) -> None:
    assert normal_phone(written, calling_code="86") == "+8613800138000"


@given(digits=st.from_regex(r"[1-9][0-9]{7,11}", fullmatch=True), gaps=st.lists(st.integers(0, 12), max_size=4))
def test_where_the_spaces_stand_does_not_matter(digits: str, gaps: list[int]) -> None:
    spaced = digits
    for gap in gaps:
        spaced = f"{spaced[:gap]} {spaced[gap:]}"

    assert normal_phone(spaced, calling_code="1") == f"+1{digits}"
    assert normal_phone(normal_phone(spaced, calling_code="1"), calling_code="86") == f"+1{digits}"


@pytest.mark.parametrize(
    "written", ["", "call me", "+0123456789", "12", "+8613800138000138000", "１３８００１３８０００", "138+0013"]
)
def test_what_is_no_number_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError, match="expected a phone number") as caught:
        normal_phone(written, calling_code="86")
    assert not written or written not in str(caught.value)


@given(before=profiles, after=profiles)
def test_differences_name_exactly_what_differs(before: Profile, after: Profile) -> None:
    named = before.differences(after)

    assert before.changed({name: getattr(after, name) for name in named}) == after
    assert bool(named) == (before != after)
    assert all(getattr(before, name) != getattr(after, name) for name in named)


def test_birthdays_are_days_somebody_alive_was_born_on() -> None:
    for right in (str(OLDEST), str(TODAY), "12-31", "02-29", "1996-02-29"):
        check_birthday(right, today=TODAY)
    for wrong in (str(OLDEST - timedelta(days=1)), str(TODAY + timedelta(days=1)), "02-30", "00-10", "1997-02-29"):
        with pytest.raises(ValueError, match="expected a day"):
            check_birthday(wrong, today=TODAY)


@given(st.dates(OLDEST, TODAY))
def test_the_day_of_the_year_is_the_same_with_the_year_and_without(born: date) -> None:
    assert Profile(birthday=str(born)).anniversary == Profile(birthday=str(born)[5:]).anniversary == f"{born:%m-%d}"
