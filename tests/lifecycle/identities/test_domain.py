from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.identities.domain import Drawn, Units, came_by, first_drawn, is_later

ANNA, BEN, CARL = UUID(int=1), UUID(int=2), UUID(int=3)
START = datetime(2026, 3, 2, 4, tzinfo=UTC)
units = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.builds(Drawn, st.sampled_from(["x", "y"]), st.integers(0, 3).map(lambda days: START + timedelta(days=days))),
)


def test_of_two_paths_the_one_of_a_later_merger_holds() -> None:
    """Carl was Ben, who was Anna; later Carl was Anna by himself, and Ben was Anna again."""
    first = ((CARL, 1), (BEN, 1))
    for later in (((CARL, 2),), ((CARL, 1), (BEN, 2))):
        assert is_later(later, first)
        assert not is_later(first, later)
    assert not is_later(first, first)


def test_a_way_is_the_last_part_of_a_path() -> None:
    assert came_by(((CARL, 1), (BEN, 1)), ((BEN, 1),))
    assert came_by(((BEN, 1),), ((BEN, 1),))
    assert not came_by(((CARL, 1), (BEN, 2)), ((BEN, 1),))
    assert not came_by((), ((BEN, 1),))


@given(some=st.lists(units, max_size=4))
def test_the_unit_that_was_fixed_first_stays_whoever_is_asked_first(some: list[Units]) -> None:
    found = first_drawn(some)
    assert found == first_drawn(reversed(some))
    for salt, drawn in found.items():
        assert drawn.at == min(each[salt].at for each in some if salt in each)
