"""Trials on a database's journal, lane by lane, on connections that cannot write."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from common.clock import SystemClock
from common.db import Database, UnitOfWork
from lifecycle.engine.domain import Engine
from lifecycle.journal import service as journal
from lifecycle.journal.archives import service as archives
from lifecycle.journal.domain import Entry
from lifecycle.replays.correspondences.service import Correspondence
from lifecycle.replays.domain import Happened, events_of, woken
from lifecycle.replays.projections import service as projections
from lifecycle.replays.projections.domain import Difference, Projection, kept, sealed
from lifecycle.replays.rehearsals.domain import NO_LETTERS
from lifecycle.replays.revisions.service import Revisions, revisions
from lifecycle.replays.trials.domain import Order, Outcome, Trial


class Watch:
    """Told of progress, and asked whether to go on."""

    def __init__(self, notice: Callable[[int, int], None], is_stopped: Callable[[], bool]) -> None:
        self.notice, self.is_stopped = notice, is_stopped


NOBODY = Watch(lambda _entries, _events: None, lambda: False)


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Database]:
    """A database on which nothing can be written."""
    mark = "&" if "?" in url else "?"
    read_only = f"{url}{mark}default_transaction_read_only=on"
    db = Database(url=read_only, service="lifecycle", clock=SystemClock(), maximum_connections=1)
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def tried(db: Database, lane: int, order: Order, *, watch: Watch = NOBODY) -> Outcome:
    """One lane, to the end of its journal, or of what is asked for."""
    run = await _begun(db, lane, order)
    await _read(db, run, watch, journal.read(db, lane, subject=None if order.draft else order.only))
    if not order.verify or run.is_cut:
        return Outcome(found=run.trial.end(partial=run.is_stopped))
    async with db.transaction() as uow:
        await projections.freeze(uow)
        run.revisions = await revisions(uow)
        await _read(uow, run, NOBODY, journal.read(uow, lane, after=run.last, subject=order.only))
        versions = await run.revisions.at(uow, run.revisions.now.revision)
        difference = await projections.first_difference(
            uow, run.trial.population, run.projection, versions, only=order.only
        )
    return Outcome(found=run.trial.end(), difference=difference)


async def tried_on(folder: Path, lane: int, order: Order, *, watch: Watch = NOBODY) -> Outcome:
    """One lane of an archive, under a draft alone: no database says what was published."""
    draft = order.draft.engine() if order.draft else None
    letters = Correspondence(draft, _Archived(folder), since=order.since) if draft else None
    trial = _trial(lane, None, draft, order, letters)
    async for entry in archives.entries(folder, lane):
        if watch.is_stopped() or trial.is_over(entry):
            break
        taken = list(events_of(entry))
        if letters is not None:
            await letters.expect(taken, only=order.only)
        trial.take(entry, taken, None)
        watch.notice(max(1, len(taken), len(woken(entry))), len(taken))  # an archive is counted in rows
    return Outcome(found=trial.end(partial=watch.is_stopped()))


async def verified(db: Database, lane: int, *, only: UUID | None = None) -> Difference | None:
    """The first thing that the tables hold otherwise than the journal of a lane, or of one member, gives it."""
    return (await tried(db, lane, Order(only=only, verify=True))).difference


class _Journalled:
    def __init__(self, db: Database) -> None:
        self._db = db

    def entries_of(self, member_id: UUID, lane: int) -> AsyncIterator[Entry]:
        return journal.read(self._db, lane, subject=member_id)

    async def first_past(self, lane: int, moment: datetime, *, after: int) -> Entry | None:
        return await journal.first_past(self._db, lane, moment, after=after)


class _Archived:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries_of(self, member_id: UUID, lane: int) -> AsyncIterator[Entry]:
        return archives.entries(self._folder, lane, only=member_id)

    async def first_past(self, lane: int, moment: datetime, *, after: int) -> Entry | None:
        return archives.first_past(self._folder, lane, moment, after=after)


class _Run:
    def __init__(self, trial: Trial, letters: Correspondence | None, revised: Revisions, order: Order) -> None:
        self.trial = trial
        self.letters = letters
        self.only = order.only
        self.revisions = revised
        self.projection = Projection(kept if order.only else sealed)
        self._projects = order.verify
        self._calendars = {version.number: version.engine.calendar for version in revised.now.published}
        self.last = 0
        self.is_stopped = False
        self.is_cut = False
        """Not everything was read."""

    def project(self, happened: Happened) -> None:
        if self._projects:
            self.projection.add(happened, self._calendars)


async def _begun(db: Database, lane: int, order: Order) -> _Run:
    revised = await revisions(db)
    draft = order.draft.engine() if order.draft else None
    letters = Correspondence(draft, _Journalled(db), since=order.since) if draft else None
    trial = _trial(lane, revised.now.latest.engine, draft, order, letters)
    return _Run(trial, letters, revised, order)


def _trial(
    lane: int, published: Engine | None, draft: Engine | None, order: Order, letters: Correspondence | None
) -> Trial:
    return Trial(
        lane,
        published=published,
        draft=draft,
        since=order.since,
        until=order.until,
        only=order.only,
        letters=NO_LETTERS if letters is None else letters.letters,
    )


async def _read(reader: Database | UnitOfWork, run: _Run, watch: Watch, entries: AsyncIterator[Entry]) -> None:
    async for entry in entries:
        run.is_stopped = watch.is_stopped()
        if run.is_stopped or run.trial.is_over(entry):
            run.is_cut = True
            return
        taken = list(events_of(entry))
        versions = await run.revisions.at(reader, entry.revision)
        if run.letters is not None:
            await run.letters.expect(taken, only=run.only)
        run.trial.take(entry, taken, versions, run.project)
        run.last = entry.number
        watch.notice(1, len(taken))
