from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from engagement.chat.domain import AHEAD, BEHIND, count_by_sender, timely

NOW = datetime(2026, 5, 1, tzinfo=UTC)
people = st.sampled_from([UUID(int=n) for n in range(3)])


@given(stored=st.lists(st.tuples(people, st.none() | people), max_size=30))
def test_every_message_of_a_member_counts_once_and_others_do_not(stored: list[tuple[UUID, UUID | None]]) -> None:
    counted = count_by_sender(stored)

    assert sum(counted.values()) == sum(member is not None for _, member in stored)
    for (community, member), count in counted.items():
        assert count == Counter(stored)[community, member]


@given(off=st.timedeltas(-2 * BEHIND, 2 * AHEAD))
def test_a_message_is_neither_from_the_future_nor_forgotten(off: timedelta) -> None:
    assert timely(NOW + off, NOW) == (-BEHIND <= off <= AHEAD)
