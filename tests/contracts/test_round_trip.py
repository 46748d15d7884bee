"""What is told is what is heard: every class, with any value it may hold."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.envelope import caused_id, decode, encode
from common.contracts.event import Event
from common.contracts.topics import CATALOGUE
from contracts.strategies import moments, structs

FEWER = settings(max_examples=settings().max_examples // 5)
"""Per class, of which there are many alike."""


@pytest.mark.parametrize("type_name", CATALOGUE)
@FEWER
@given(data=st.data())
def test_an_event_comes_back_as_it_was(type_name: str, data: st.DataObject) -> None:
    event: Event = data.draw(structs(CATALOGUE[type_name]))
    event_id, time = data.draw(st.uuids()), data.draw(moments())
    correlation_id, causation_id = data.draw(st.none() | st.text("abc-", min_size=1)), data.draw(st.none() | st.uuids())

    envelope, decoded = decode(
        encode(
            event,
            event_id=event_id,
            service=type_name.split(".")[1],
            type_name=type_name,
            time=time,
            correlation_id=correlation_id,
            causation_id=causation_id,
        )
    )

    assert decoded == event
    assert type(decoded) is type(event)
    assert (envelope.id, envelope.time, envelope.type) == (event_id, time, type_name)
    assert (envelope.correlationid, envelope.causationid) == (correlation_id, causation_id)
    assert envelope.subject == decoded.subject


@given(structs(CATALOGUE["huitou.orders.order.created.v1"]))
def test_what_was_heard_is_told_again_in_the_same_bytes(event: Event) -> None:
    def told(event: Event) -> bytes:
        time = datetime(2026, 3, 10, tzinfo=UTC)
        return encode(event, event_id=UUID(int=1), service="orders", type_name=event.type_name(), time=time)

    assert told(decode(told(event))[1]) == told(event)


@given(cause=st.uuids(), other=st.uuids(), n=st.integers(0, 9))
def test_a_caused_id_follows_from_its_cause(cause: UUID, other: UUID, n: int) -> None:
    first = caused_id(cause, "huitou.members.coupon.issued.v1", n)

    assert first == caused_id(cause, "huitou.members.coupon.issued.v1", n)
    assert first != caused_id(cause, "huitou.members.coupon.issued.v1", n + 1)
    assert first != caused_id(cause, "huitou.members.points.earned.v1", n)
    assert (first == caused_id(other, "huitou.members.coupon.issued.v1", n)) == (cause == other)
