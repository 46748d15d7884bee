"""The letters that a lane would have got: each sender is read once more, when their first letter is met."""

from collections.abc import AsyncIterator, Awaitable, Iterable
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from common.contracts.event import Event
from lifecycle.engine.domain import Engine
from lifecycle.journal.domain import Entry
from lifecycle.replays.correspondences.domain import Sender, sender_of
from lifecycle.replays.domain import Taken, events_of

NEVER = datetime.max.replace(tzinfo=UTC)


class Source(Protocol):
    """Where a journal is."""

    def entries_of(self, member_id: UUID, lane: int) -> AsyncIterator[Entry]:
        """In their order, at least those that speak of the member."""
        ...

    def first_past(self, lane: int, moment: datetime, *, after: int) -> Awaitable[Entry | None]:
        """The first behind that one that tells that all of that moment has been read, without what it took in; None: none."""
        ...


class Correspondence:
    def __init__(self, engine: Engine, source: Source, *, since: datetime | None) -> None:
        self.letters: dict[UUID, Event] = {}
        self._engine, self._source, self._since = engine, source, since
        self._known: set[UUID] = set()

    async def expect(self, taken: Iterable[Taken], *, only: UUID | None = None) -> None:
        """Have what would have come instead of these. Who sent to whom goes round in no circle: a root is older. `only`: what
        this member was sent.
        """
        for each in taken:
            sender_id = sender_of(each) if only in {None, each.member_id} else None
            if sender_id is not None and sender_id not in self._known:
                self._known.add(sender_id)
                await self._write(sender_id)

    async def _write(self, sender_id: UUID) -> None:
        sender = Sender(sender_id, self._engine, since=self._since, letters=self.letters)
        async for entry in self._source.entries_of(sender_id, sender.lane):
            while passed := await self._passed(sender, sender.due_by(entry.watermark)):
                if passed.number >= entry.number:
                    break
                self.letters.update(sender.take(passed, ()))
            taken = [each for each in events_of(entry) if each.member_id == sender_id]
            await self.expect(taken)
            self.letters.update(sender.take(entry, taken))
        while sender.waits and (passed := await self._passed(sender, sender.due_by(NEVER))):
            self.letters.update(sender.take(passed, ()))

    async def _passed(self, sender: Sender, due_at: datetime | None) -> Entry | None:
        """Where the sender's lane tells that time has passed by then."""
        return None if due_at is None else await self._source.first_past(sender.lane, due_at, after=sender.last)
