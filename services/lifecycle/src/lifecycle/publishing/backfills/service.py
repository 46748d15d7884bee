"""Back-fills, a stretch at a time: first the lane's journal is read, then its members get their parts."""

from collections.abc import AsyncIterator
from functools import partial
from time import monotonic
from uuid import UUID

from common.bus.locks import lock_lanes
from common.db import Database
from lifecycle.facts.domain import Facts, united
from lifecycle.identities.forwarding import service as forwarding
from lifecycle.identities.forwarding.domain import more_of
from lifecycle.identities.kinship.domain import counted_under
from lifecycle.journal import service as journal
from lifecycle.journal.domain import Entry, unpacked_events
from lifecycle.members import service as members
from lifecycle.members.domain import Member
from lifecycle.publishing.backfills.domain import Folds, counted, counted_anew
from lifecycle.publishing.walks import service as walks
from lifecycle.publishing.walks.domain import Walk
from lifecycle.resources import Resources
from lifecycle.stepping.domain import wake_at

STRETCH = 500
"""Members that get their parts in one transaction."""
READING_SECONDS = 0.1
"""How long the journal is read in one go."""


class Backfill:
    """Of one version and lane. What was read is lost with the process, what was written is not: it goes on behind that."""

    def __init__(self, folds: Folds, entries: AsyncIterator[Entry]) -> None:
        self._folds = folds
        self._entries = entries
        self._parts: dict[UUID, Facts] = {}
        self._left: list[UUID] | None = None
        """Who is still to get their part, the last first; None while the journal is read."""
        self.is_done = False

    @classmethod
    async def begin(cls, db: Database, walk: Walk) -> "Backfill":
        resources: Resources = db.resources
        versions = await resources.versions.now(db)
        engine = next(engine for engine in versions.prepared if engine.version == walk.version)
        revision = max(versions.since[place] for place in engine.numbers.values())
        folds = counted_anew(engine, versions.since, revision=revision)
        return cls(folds, journal.read(db, walk.lane, before_revision=revision))

    async def advance(self, db: Database, walk: Walk) -> None:
        if self._left is None:
            await self._read()
        else:
            await self._write(db, walk, self._left)

    async def _read(self) -> None:
        started = monotonic()
        async for entry in self._entries:
            if entry.kind == "events":
                counted(self._parts, unpacked_events(entry.inputs), self._folds)
            if monotonic() - started > READING_SECONDS:
                return
        self._left = sorted(self._parts, key=lambda member_id: member_id.int, reverse=True)

    async def _write(self, db: Database, walk: Walk, left: list[UUID]) -> None:
        while left and walk.last_id is not None and left[-1].int <= walk.last_id.int:
            left.pop()  # another worker had the lane meanwhile
        stretch = left[-STRETCH:][::-1]
        async with db.transaction() as uow:
            await lock_lanes(uow, uow.service, [walk.lane])
            loaded = await members.load(uow, stretch)
            found = [(self._whole(each.member), each.lane) for each in loaded.values() if not each.member.is_erased]
            await members.save(uow, [(member, lane, wake_at(member)) for member, lane in found])
            await forwarding.send(
                uow, [(member.at, None, more_of(member, self._parts[member.member_id])) for member, _ in found]
            )
            await walks.advance(
                uow,
                walk,
                last_id=stretch[-1] if stretch else None,
                members=len(loaded),
                is_finished=len(stretch) == len(left),
            )
        del left[-STRETCH:]
        self.is_done = not left

    def _whole(self, member: Member) -> Member:
        return counted_under(member, member.member_id, partial(united, self._parts[member.member_id]))
