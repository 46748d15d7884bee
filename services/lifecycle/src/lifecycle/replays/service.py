"""Replay of the published policy: lane by lane from the journal, and the tables beside it."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID

from common.db import Database, UnitOfWork
from lifecycle.journal import service as journal
from lifecycle.journal.domain import Entry
from lifecycle.projections import service as projections
from lifecycle.projections.domain import Projection, kept, sealed
from lifecycle.projections.service import Difference
from lifecycle.replays.domain import Population, events_of, foreseen, replayed
from lifecycle.versions.domain import Versions
from lifecycle.versions.service import VersionCache

Notice = Callable[[Entry], None]


class Revisions:
    """What was in force at each revision, as the journal names it."""

    def __init__(self, now: Versions) -> None:
        self.now = now
        self._cache = VersionCache()
        self._known: dict[int, Versions] = {}

    async def at(self, reader: Database | UnitOfWork, revision: int) -> Versions:
        if revision not in self._known:
            self._known[revision] = foreseen(await self._cache.at(reader, revision), self.now)
        return self._known[revision]


async def verified(
    db: Database, lane: int, *, only: UUID | None = None, notice: Notice = lambda _: None
) -> Difference | None:
    """Replay a lane, or one member of it, to the end of the journal: the first thing that the tables hold otherwise."""
    revisions = Revisions(await VersionCache().now(db))
    calendars = {version.number: version.engine.calendar for version in revisions.now.published}
    population, projection, last = Population(lane), Projection(kept if only else sealed), 0

    async def replay(reader: Database | UnitOfWork, entries: AsyncIterator[Entry]) -> None:
        nonlocal last
        async for entry in entries:
            versions = await revisions.at(reader, entry.revision)
            for happened in replayed(population, versions, entry, events_of(entry), only=only):
                projection.add(happened, calendars)
            last = entry.number
            notice(entry)

    await replay(db, journal.read(db, lane, subject=only))
    async with db.transaction() as uow:
        await projections.freeze(uow)
        revisions = Revisions(await VersionCache().now(uow))
        await replay(uow, journal.read(uow, lane, after=last, subject=only))
        versions = await revisions.at(uow, revisions.now.revision)
        return await projections.first_difference(uow, population, projection, versions, only=only)
