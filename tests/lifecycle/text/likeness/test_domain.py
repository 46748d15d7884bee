from hypothesis import given
from hypothesis import strategies as st

from lifecycle.text.faults.domain import clipped
from lifecycle.text.likeness.domain import near

NAMES = ("orders", "order_days", "checkins", "refunds")


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=20), max_size=6))
def test_what_was_probably_meant_is_one_of_those_there_are(name: str, names: list[str]) -> None:
    assert near(name, names) in {None, *names}
    assert near(name, [*names, name]) == name or not name


def test_a_slip_is_found_and_something_else_is_not() -> None:
    assert near("order", NAMES) == "orders"
    assert near("chekcins", NAMES) == "checkins"
    assert near("weather", NAMES) is None


@given(st.text(min_size=1, max_size=4), st.integers(1_000, 200_000))
def test_a_very_long_name_is_compared_by_its_beginning(piece: str, times: int) -> None:
    name = piece * times
    assert near(name, NAMES) == near(clipped(name), NAMES)
    assert len(clipped(name)) < 100
