"""Events that wait until nothing unread can come between them and what is due before them.

They are stepped in the order in which they were appended, whichever log they stand in; those of one producer keep its order,
also where its clock went back.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from common.contracts.envelope import Envelope
from common.contracts.event import Event
from lifecycle.stepping.domain import Arrival

S_co = TypeVar("S_co", covariant=True)


class Turn(msgspec.Struct, Generic[S_co], frozen=True, gc=False):
    """An event in the queue of its member. `source` is what it was read as."""

    turn_at: datetime
    producer: str
    arrival: Arrival
    source: S_co
    number: int | None = None
    """Of its row; None for one that has not been kept yet."""


Source = TypeVar("Source")


def arrival_of(envelope: Envelope, event: Event, *, appended_at: datetime, revision: int) -> Arrival:
    return Arrival(
        event_id=envelope.id,
        time=envelope.time,
        appended_at=appended_at,
        event=event,
        revision=revision,
        depth=envelope.causationdepth,
    )


def in_turn(queue: Sequence[Turn[Source]], *, producer: str, arrival: Arrival, source: Source) -> list[Turn[Source]]:
    """The queue with one event more. An event appended before those that wait, by another producer, goes before them."""
    if not queue:
        return [Turn(arrival.appended_at, producer, arrival, source)]
    earlier = [turn.turn_at for turn in queue if turn.producer == producer]
    turn_at = max([arrival.appended_at, *earlier])
    place = bisect_right([turn.turn_at for turn in queue], turn_at)
    return [*queue[:place], Turn(turn_at, producer, arrival, source), *queue[place:]]
