"""Correspondences 往來: what members would have forwarded under another policy, each letter under the id of the one that happened.

What a lane was sent stands in its journal as the published policy has it: facts by its numbers, what its rules did. A draft is
to have it by its own, so whoever sent something is rehearsed as well, alone, from what the journal has of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from common.bus.lanes import lane_of
from common.contracts.event import Event
from lifecycle.engine.domain import Engine
from lifecycle.identities.forwarding.domain import Mail, lettered
from lifecycle.journal.domain import Entry
from lifecycle.replays.domain import Taken
from lifecycle.replays.rehearsals.domain import Rehearsal


def sender_of(taken: Taken) -> UUID | None:
    """Who passed it on; None: nobody did."""
    event = taken.arrival.event
    return event.path[-1].member_id if isinstance(event, Mail) and event.path else None


class Sender:
    """One member under the other policy."""

    def __init__(
        self, member_id: UUID, engine: Engine, *, since: datetime | None, letters: Mapping[UUID, Event]
    ) -> None:
        self.member_id = member_id
        self.lane = lane_of(str(member_id))
        self.last = 0
        """The number of the entry that was taken last."""
        self._rehearsal = Rehearsal(self.lane, engine, since=since, only=member_id, letters=letters)

    @property
    def waits(self) -> bool:
        """Whether something that happened to them waits for time."""
        return bool(self._rehearsal.population.waiting)

    def due_by(self, moment: datetime | None) -> datetime | None:
        """When time has to pass for them, up to that moment."""
        return None if moment is None else self._rehearsal.due_by(moment)

    def take(self, entry: Entry, taken: Iterable[Taken]) -> Iterator[tuple[UUID, Event]]:
        """What they would have sent, with its ids."""
        self.last = entry.number
        for happened in self._rehearsal.take(entry, taken):
            step = happened.step
            if step.turn is not None:
                yield from lettered(step.stepped.mail, cause=step.turn.arrival.event_id)
