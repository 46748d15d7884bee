"""A set of digests against a set, and that it saturates in whatever order."""

from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.facts.distincts.domain import MOST, SATURATED, SIZE, digest, merged, size

LAW = settings(max_examples=200, deadline=None)
values = st.lists(st.integers(0, 80) | st.text("ab", max_size=3) | st.booleans(), min_size=1, max_size=120)


def kept(values: list[str | int | bool]) -> bytes:
    return reduce(merged, map(digest, values))


@LAW
@given(values=values, data=st.data())
def test_as_many_as_there_are_in_any_order_until_there_are_too_many(
    values: list[str | int | bool], data: st.DataObject
) -> None:
    different = len({(type(value), value) for value in values})
    assert size(kept(values)) == min(different, MOST)
    assert (kept(values) == SATURATED) == (different > MOST)
    assert kept(data.draw(st.permutations(values))) == kept(values)


@LAW
@given(one=values, other=values, third=values)
def test_merging_sets_is_collecting_both(
    one: list[str | int | bool], other: list[str | int | bool], third: list[str | int | bool]
) -> None:
    first, second, last = kept(one), kept(other), kept(third)
    assert merged(first, second) == merged(second, first) == kept(one + other)
    assert merged(merged(first, second), last) == merged(first, merged(second, last))
    assert merged(first, first) == first


def test_a_saturated_set_has_no_content() -> None:
    full = kept([*range(MOST)])
    assert len(full) == MOST * SIZE
    assert merged(full, digest(0)) == full
    assert merged(full, digest(MOST)) == b""
    assert merged(b"", digest(0)) == b""
    assert size(full) == size(b"") == MOST


def test_a_number_is_no_text() -> None:
    yes = True
    assert len({digest(1), digest("1"), digest(yes)}) == 3
