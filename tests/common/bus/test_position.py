from hypothesis import given
from hypothesis import strategies as st

from common.bus.position import START, Position

positions = st.builds(Position, st.integers(0, 2**40), st.integers(0, 2**40))


@given(positions, positions)
def test_a_later_generation_is_later_whatever_the_ids(one: Position, other: Position) -> None:
    assert (one < other) == ((one.generation, one.id) < (other.generation, other.id))


@given(positions)
def test_nothing_is_before_the_start(position: Position) -> None:
    assert position >= START


def test_a_position_reads_as_its_two_numbers() -> None:
    assert str(Position(1764000000, 7)) == "1764000000/7"
