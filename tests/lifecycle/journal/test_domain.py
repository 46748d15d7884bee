"""What is packed is unpacked as it was, and takes little room."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.contracts.event import Event
from factories.lifecycle import START, chatted, checked_in, member, ordered, read, registered
from lifecycle.journal.domain import (
    Input,
    heads,
    packed_events,
    packed_members,
    unpacked_events,
    unpacked_members,
)

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
INPUTS = st.builds(
    Input,
    producer=st.sampled_from(["orders", "members"]),
    generation=st.integers(0, 2**62),
    position=st.integers(0, 2**62),
    appended_at=MOMENTS,
    envelope=st.binary(max_size=50),
)


@given(st.lists(INPUTS, max_size=20))
def test_events_come_back_in_their_order(events: list[Input]) -> None:
    assert list(unpacked_events(packed_events(events))) == events


@given(st.lists(st.uuids(), max_size=20))
def test_members_come_back_in_their_order(members: list[UUID]) -> None:
    assert unpacked_members(packed_members(members)) == members


@given(st.lists(st.uuids(), min_size=1, max_size=20))
def test_whoever_is_in_it_is_found_without_opening_it(members: list[UUID]) -> None:
    head = heads(members)
    assert all(each.bytes[:4] in head for each in members)
    assert len(head) <= 4 * len(members)


def test_an_event_of_a_batch_takes_about_a_hundred_bytes() -> None:
    """Mostly its ids, which nothing compresses."""
    made: list[Callable[[UUID], Event]] = [registered, ordered, chatted, checked_in]
    received = [read(made[number % 4](member(number)), START, number=number) for number in range(500)]
    inputs = [
        Input(
            producer=each.row.producer,
            generation=1,
            position=each.row.position.id,
            appended_at=START,
            envelope=each.row.envelope,
        )
        for each in received
    ]
    assert len(packed_events(inputs)) / 500 < 130
