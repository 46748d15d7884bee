from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

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


def test_a_very_long_name_costs_nothing() -> None:
    began = perf_counter()
    assert near("x" * 200_000, ["y" * 60] * 1000) is None
    assert perf_counter() - began < 2
