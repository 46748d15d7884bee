"""Replays that operators ask for: one at a time, in a process of its own, never beside the requests that are served.

Its row is all that both know of it: the process tells there how far it is, and reads there that it has to end. The times are
the system's: a process runs by no other.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from common.bus.locks import EVERY_LANE
from common.clock import SystemClock
from common.connection import Record
from common.db import Database, UnitOfWork
from common.errors import AppError
from common.ids import new_id
from lifecycle.errors import ReplayRunning, ReplayUnknown, ReportMissing
from lifecycle.replays import repository
from lifecycle.replays.studies import service as studies
from lifecycle.replays.studies.domain import Asked
from lifecycle.replays.trials.service import Watch, reading, tried
from lifecycle.reports.domain import Report

BEAT_SECONDS = 1.0
SILENCE = timedelta(minutes=2)
"""After which a process that tells nothing is taken for gone."""
GONE = "the process that ran it is gone"


class Installation(NamedTuple):
    """What a process of its own has to know."""

    url: str
    tz: str
    currency: str


def start(installation: Installation, replay_id: UUID) -> None:
    get_context("spawn").Process(target=carry_out, args=(installation, replay_id), daemon=True).start()


async def begin(uow: UnitOfWork, asked: Asked, *, installation: Installation, operator_id: UUID) -> Record:
    """Ask for one, which runs once this is committed. Raises DraftInvalid, RangeInvalid, ReplayRunning."""
    study = await studies.prepared(uow, asked, tz=installation.tz, currency=installation.currency)
    now = datetime.now(UTC)
    await repository.give_up(uow, at=now, silent_since=now - SILENCE, error=GONE)
    replay_id = new_id()
    row = await repository.insert(
        uow,
        replay_id=replay_id,
        asked=msgspec.to_builtins(asked),
        is_draft=asked.draft is not None,
        member_id=asked.only,
        of=study.entries,
        operator_id=operator_id,
        at=now,
    )
    if row is None:
        raise ReplayRunning("another replay is running: wait for its end, or cancel it")
    uow.on_commit.append(lambda: start(installation, replay_id))
    return row


async def cancel(uow: UnitOfWork, replay_id: UUID, *, operator_id: UUID) -> None:
    """It ends soon, if it runs. Raises ReplayUnknown."""
    await get(uow, replay_id)
    await repository.cancel(uow, replay_id, at=datetime.now(UTC), operator_id=operator_id)


async def get(reader: Database | UnitOfWork, replay_id: UUID) -> Record:
    """Raises ReplayUnknown."""
    row = await repository.find(reader, replay_id)
    if row is None:
        raise ReplayUnknown(f"there is no replay {replay_id}")
    return row


async def report(db: Database, replay_id: UUID) -> Report:
    """What it found. Raises ReplayUnknown, ReportMissing."""
    row = await get(db, replay_id)
    if row["report"] is None:
        raise ReportMissing(f"the replay is {row['state']}, and has no report")
    return msgspec.convert(row["report"], Report)


async def list_replays(db: Database, *, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await repository.list_replays(db, before=before, limit=limit)


def carry_out(installation: Installation, replay_id: UUID) -> None:
    """What the process does."""
    asyncio.run(_carried_out(installation, replay_id))


async def _carried_out(installation: Installation, replay_id: UUID) -> None:
    db = Database(url=installation.url, service="lifecycle", clock=SystemClock(), maximum_connections=1)
    await db.open()
    try:
        running = _Running(db, replay_id)
        beating = asyncio.create_task(running.beat())
        try:
            report, error = await running.found(installation), None
        except (AppError, OSError, ValueError) as failure:
            report, error = None, f"{type(failure).__name__}: {failure}"
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        await running.finish(report, error)
    finally:
        await db.close()


class _Running:
    def __init__(self, db: Database, replay_id: UUID) -> None:
        self.db, self.replay_id = db, replay_id
        self.entries = 0
        self.is_stopped = False

    async def beat(self) -> None:
        while not self.is_stopped:
            async with self.db.transaction() as uow:
                goes_on = await repository.beat(uow, self.replay_id, at=datetime.now(UTC), entries=self.entries)
            self.is_stopped = not goes_on
            await asyncio.sleep(BEAT_SECONDS)

    async def found(self, installation: Installation) -> Any:
        asked = msgspec.convert((await get(self.db, self.replay_id))["asked"], Asked)
        watch = Watch(self._notice, lambda: self.is_stopped)
        async with reading(installation.url) as db:
            study = await studies.prepared(db, asked, tz=installation.tz, currency=installation.currency)
            outcomes = [await tried(db, lane, study.order, watch=watch) for lane in EVERY_LANE]
        return msgspec.to_builtins(studies.report_of(study, asked, outcomes))

    async def finish(self, report: Any, error: str | None) -> None:
        state = "failed" if error else "done"
        async with self.db.transaction() as uow:
            await repository.finish(
                uow,
                self.replay_id,
                state=state,
                at=datetime.now(UTC),
                entries=self.entries,
                report=report,
                error=error,
            )

    def _notice(self, entries: int, _events: int) -> None:
        self.entries += entries
