"""Writing the journal in the transaction that takes a batch in, and reading it again, lane by lane."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from uuid import UUID

from common.bus.records import LogRow
from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.errors import JournalTaken
from lifecycle.journal import repository
from lifecycle.journal.domain import Entry, Input, Kind, heads, packed_enrolment, packed_events, packed_members
from lifecycle.journal.repository import Row
from lifecycle.stepping.clocks.service import LaneTime

AT_ONCE = 200
"""Entries that one look at the journal reads."""


def _time_zones() -> str:
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return "system"


SOFTWARE = f"{version('huitou-lifecycle')}/{_time_zones()}"
"""What replays only as this does: the engine, and the time zones' data."""


async def write_events(
    uow: UnitOfWork, taken: Mapping[int, Sequence[tuple[UUID, LogRow]]], times: Mapping[int, LaneTime]
) -> None:
    """Lane → its members' events, in the order in which they were taken in."""
    rows = [
        _row(
            lane, times[lane], heads(member for member, _ in events), packed_events([_input(row) for _, row in events])
        )
        for lane, events in taken.items()
    ]
    await _write(uow, rows, "events")


async def write_time(uow: UnitOfWork, woken: Mapping[int, Collection[UUID]], times: Mapping[int, LaneTime]) -> None:
    """Lane → the members for whom time passed, in their order; none: a heartbeat."""
    rows = [_row(lane, times[lane], heads(members), packed_members(members)) for lane, members in woken.items()]
    await _write(uow, rows, "time")


async def write_enrolment(
    uow: UnitOfWork,
    enrolled: Mapping[int, Collection[UUID]],
    times: Mapping[int, LaneTime],
    *,
    rule: str,
    enrolment_id: UUID,
) -> None:
    """Lane → the members whom a rule was brought, in their order."""
    rows = [
        _row(lane, times[lane], heads(members), packed_enrolment(enrolment_id, rule, members))
        for lane, members in enrolled.items()
    ]
    await _write(uow, rows, "enrolment")


async def open_empty(uow: UnitOfWork) -> None:
    """Let this unit of work fill the journal, and take its time. Raises JournalTaken."""
    if await repository.sizes(uow, before_revision=None):
        raise JournalTaken("this installation's journal is not empty: import into a fresh one")
    await repository.take_time(uow)


async def file(uow: UnitOfWork, entries: Sequence[tuple[Entry, bytes]]) -> None:
    """Entries that were written elsewhere, as they are, with the heads of their members."""
    if entries:
        await repository.file(uow, entries, software=SOFTWARE)


async def read(
    reader: Database | UnitOfWork,
    lane: int,
    *,
    after: int = 0,
    subject: UUID | None = None,
    before_revision: int | None = None,
    before: datetime | None = None,
) -> AsyncIterator[Entry]:
    """A lane's entries in their order. `subject`: at least all those that speak of this member."""
    while True:
        found = await repository.read(
            reader,
            lane,
            after=after,
            subject=subject.bytes[:4] if subject else None,
            before_revision=before_revision,
            before=before,
            limit=AT_ONCE,
        )
        for row in found:
            yield Entry(**dict(row))
        if len(found) < AT_ONCE:
            return
        after = found[-1]["number"]


async def first_past(reader: Database | UnitOfWork, lane: int, moment: datetime, *, after: int) -> Entry | None:
    """The first behind that one that tells that all of that moment has been read: that it did, not what it took in."""
    row = await repository.first_past(reader, lane, moment, after=after)
    return None if row is None else Entry(**dict(row))


async def sizes(reader: Database | UnitOfWork, *, before_revision: int | None = None) -> list[Record]:
    """(lane, entries, last, bytes) of each lane that has any."""
    return await repository.sizes(reader, before_revision=before_revision)


async def _write(uow: UnitOfWork, rows: Sequence[Row], kind: Kind) -> None:
    if rows:
        await repository.insert(uow, rows, kind=kind, software=SOFTWARE)


def _row(lane: int, time: LaneTime, subjects: bytes, inputs: bytes) -> Row:
    return Row(
        lane=lane,
        gate_at=time.gate,
        watermark=time.watermark,
        revision=time.revision,
        subjects=subjects,
        inputs=inputs,
    )


def _input(row: LogRow) -> Input:
    return Input(
        producer=row.producer,
        generation=row.position.generation,
        position=row.position.id,
        appended_at=row.appended_at,
        envelope=row.envelope,
    )
