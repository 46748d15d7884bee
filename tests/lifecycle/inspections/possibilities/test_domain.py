"""Narrowing excludes nothing that can be, and comes to the same in whatever order it is demanded."""

from hypothesis import assume, given
from hypothesis import strategies as st

from factories.lifecycle_conditions import NUMBERS, POLICY, TODAY, situation, some_facts
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Compare, Count, Days, Never, Node, Since
from lifecycle.conditions.ranges.domain import Ranges, at_least, at_most, joined
from lifecycle.engine.explanations.domain import explain
from lifecycle.facts.domain import Facts
from lifecycle.facts.tallies.domain import Tally, cells, gathered
from lifecycle.inspections.possibilities.domain import Key, Possible, narrowed, possible
from lifecycle.inspections.worlds.domain import world_of

WORLD = world_of(POLICY)
WINDOWS = [None, Span(7), Span(30), Span(2, "w"), Span(1, "mo"), Span(3, "mo")]
METRIC = "joined"
_windows = st.sampled_from(WINDOWS)
KEYS: st.SearchStrategy[Node] = (
    st.builds(Days, st.just(METRIC), _windows) | st.builds(Count, st.just(METRIC), _windows) | st.just(Since((METRIC,)))
)
_number = st.integers(-1, 130)
RANGES: st.SearchStrategy[Ranges] = (
    st.builds(at_least, _number)
    | st.builds(at_most, _number)
    | st.builds(lambda a, b: joined([(a, b)]), _number, _number)
)
DEMANDS = st.lists(st.tuples(KEYS, st.builds(Possible, RANGES, st.booleans())), max_size=5)
Demands = list[tuple[Key, Possible]]


def of_someone(facts: Facts) -> dict[Node, int | None]:
    """What each key is of a member: never taken back, so each day keeps what it has."""
    tally = facts.get(NUMBERS[METRIC])
    kept = {day: max(count, 1) for day, count, _ in cells(tally)} if isinstance(tally, Tally) else {}
    found = gathered((day, count, 0) for day, count in kept.items())
    there = situation({} if found is None else {NUMBERS[METRIC]: found}, TODAY)
    values: dict[Node, int | None] = {Since((METRIC,)): TODAY - max(kept) if kept else None}
    for window in WINDOWS:
        for measure in (Count(METRIC, window), Days(METRIC, window)):
            [leaf] = explain(Compare(measure, ">=", 0), there).values.values()
            assert isinstance(leaf, int)
            values[measure] = leaf
    assert explain(Never((METRIC,)), there).truth == (not kept)
    return values


def allows(of: Possible, value: int | None) -> bool:
    return of.absent if value is None else any(low <= value <= high for low, high in of.numbers)


@given(facts=some_facts(), demands=DEMANDS)
def test_nothing_is_excluded_that_can_be(facts: Facts, demands: Demands) -> None:
    """Whoever fulfils all that is demanded is still among what is left."""
    values = of_someone(facts)
    assume(all(allows(wanted, values[key]) for key, wanted in demands if isinstance(key, Node)))
    left = narrowed(WORLD, {}, demands)
    assert left is not None
    for key, value in values.items():
        assert allows(possible(WORLD, left, key), value), key


@given(demands=DEMANDS, order=st.randoms(use_true_random=False))
def test_what_is_left_is_no_more_than_before_and_the_same_in_any_order(demands: Demands, order: object) -> None:
    left = narrowed(WORLD, {}, demands)
    assert narrowed(WORLD, {}, [*demands, *demands]) == left
    assert narrowed(WORLD, {}, demands[::-1]) == left
    assert left is None or narrowed(WORLD, left, demands) == left
    for key, wanted in demands if left else ():
        after = possible(WORLD, left or {}, key)
        assert after.absent <= wanted.absent
        assert after.low >= wanted.low or not after.numbers
        assert after.high <= wanted.high or not after.numbers
