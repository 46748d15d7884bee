"""Correspondences 往來: what members would have forwarded under another policy, each letter under the id of the one that happened.

What a lane was sent stands in its journal as the published policy has it: facts by its numbers, what its rules did. A draft is
to have it by its own, so whoever sent something is rehearsed as well, alone, from what the journal has of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from common.bus.lanes import lane_of
from common.contracts.event import Event
from lifecycle.engine.domain import Engine
from lifecycle.forwarding.domain import Mail, lettered
from lifecycle.journal.domain import Entry
from lifecycle.rehearsals.domain import Rehearsal
from lifecycle.replays.domain import Happened, Taken


def sender_of(taken: Taken) -> UUID | None:
    """Who passed it on; None: nobody did."""
    event = taken.arrival.event
    return event.path[-1].member_id if isinstance(event, Mail) and event.path else None


class Sender:
    """One member under the other policy. Their entries alone do not tell when time passed: it does whenever they are due."""

    def __init__(
        self, member_id: UUID, engine: Engine, *, since: datetime | None, letters: Mapping[UUID, Event]
    ) -> None:
        lane = lane_of(str(member_id))
        self._rehearsal = Rehearsal(lane, engine, since=since, only=member_id, letters=letters)

    def take(self, entry: Entry, taken: Iterable[Taken]) -> Iterator[tuple[UUID, Event]]:
        """What they would have sent, with its ids."""
        while entry.watermark is not None and (due_at := self._rehearsal.due_by(entry.watermark)):
            passed = msgspec.structs.replace(entry, kind="time", gate_at=due_at, watermark=due_at, inputs=b"")
            yield from _sent(self._rehearsal.take(passed, ()))
        yield from _sent(self._rehearsal.take(entry, taken))


def _sent(told: Iterable[Happened]) -> Iterator[tuple[UUID, Event]]:
    for happened in told:
        step = happened.step
        if step.turn is not None:
            yield from lettered(step.stepped.mail, cause=step.turn.arrival.event_id)
