"""What is sealed says the same as the rows themselves."""

from functools import reduce
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from factories.lifecycle_journals import ENGINE, VERSIONS, Live, lived
from lifecycle.replays.domain import Population, events_of, replayed
from lifecycle.replays.projections.domain import Difference, MemberRows, Projection, kept, sealed, summed

CALENDARS = {ENGINE.version: ENGINE.calendar}


def projected(live: Live, projection: Projection) -> dict[UUID, MemberRows]:
    population = Population(0)
    for entry in live.journal:
        for happened in replayed(population, VERSIONS, entry, events_of(entry)):
            projection.add(happened, CALENDARS)
    return projection.rows


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_sealed_are_the_rows_that_were_kept(seed: int) -> None:
    live = lived(seed)
    whole, closed = projected(live, Projection(kept)), projected(live, Projection(sealed))
    assert whole.keys() == closed.keys()
    for who, rows in whole.items():
        seals = closed[who]
        assert reduce(sealed, rows.transitions, None) == seals.transitions
        assert reduce(sealed, rows.receipts or [], None) == seals.receipts
        gone = {place: row for place, row in rows.counts.items() if place not in seals.counts}
        assert seals.counts == {place: row for place, row in rows.counts.items() if place in seals.counts}
        assert seals.counted == reduce(lambda total, each: summed(total, *each), gone.items(), 0)
        assert rows.actions == seals.actions


def test_days_are_sealed_when_nothing_more_can_be_counted_in_them() -> None:
    rows = projected(lived(3), Projection(sealed)).values()
    assert any(each.counted for each in rows)
    assert all(len(each.counts) < 10 for each in rows)


@given(st.lists(st.tuples(st.text(), st.integers(0, 9)), min_size=1), st.data())
def test_another_order_and_another_row_have_another_seal(rows: list[tuple[str, int]], data: st.DataObject) -> None:
    other = data.draw(st.permutations(rows))
    one, two = (reduce(sealed, each, None) for each in (rows, other))
    assert (one == two) == (rows == other)
    assert reduce(sealed, rows[:-1], None) != one


def test_a_difference_says_where_it_is_and_no_more_than_can_be_read() -> None:
    difference = Difference(
        lane=3, member_id=next(iter(lived(1).population.states)), table="member", replayed=b"x" * 9_999, held=None
    )
    told = difference.told()
    assert told.startswith("lane 3, member ")
    assert told.endswith("the table holds None")
    assert len(told) < 2_200
