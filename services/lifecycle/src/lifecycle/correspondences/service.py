"""The letters that a lane would have got: each sender is read once more, when their first letter is met."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from uuid import UUID

from common.contracts.event import Event
from lifecycle.correspondences.domain import Sender, sender_of
from lifecycle.engine.domain import Engine
from lifecycle.journal.domain import Entry
from lifecycle.replays.domain import Taken, events_of

Reading = Callable[[UUID], AsyncIterator[Entry]]
"""At least the entries of a journal that speak of a member, in their order."""


class Correspondence:
    def __init__(self, engine: Engine, reading: Reading, *, since: datetime | None) -> None:
        self.letters: dict[UUID, Event] = {}
        self._engine, self._reading, self._since = engine, reading, since
        self._known: set[UUID] = set()

    async def expect(self, taken: Iterable[Taken]) -> None:
        """Have what would have come instead of these. Who sent to whom goes round in no circle: a root is older."""
        for each in taken:
            sender_id = sender_of(each)
            if sender_id is not None and sender_id not in self._known:
                self._known.add(sender_id)
                await self._write(sender_id)

    async def _write(self, sender_id: UUID) -> None:
        sender = Sender(sender_id, self._engine, since=self._since, letters=self.letters)
        async for entry in self._reading(sender_id):
            taken = [each for each in events_of(entry) if each.member_id == sender_id]
            await self.expect(taken)
            self.letters.update(sender.take(entry, taken))
