from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from common.connection import Record
from common.contracts.envelope import Envelope
from common.db import Database, UnitOfWork
from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.errors import RangeInvalid
from lifecycle.standing.transitions import repository
from lifecycle.standing.transitions.domain import Transition, announced, read
from lifecycle.standing.transitions.schemas import Period

MOST_PERIODS = 400

_TOLD = UUID("0b0d8a0c-6a57-5b5e-8c7f-2f6f0f1f6b52")


def told_id(member_id: UUID, transition: Transition) -> UUID:
    """The id of the event that tells what no event caused: the same whoever finds it, a tick or the next event."""
    return uuid5(_TOLD, f"{member_id}/{transition.dimension}/{transition.current or ''}/{transition.episode}")


def tell(uow: UnitOfWork, member_id: UUID, transition: Transition, *, cause: Envelope | None) -> None:
    """`cause`: the event under which it was found."""
    if transition.cause == "event" and cause is not None:
        uow.append(announced(member_id, transition), cause=cause)
    else:
        uow.append(announced(member_id, transition), event_id=told_id(member_id, transition))


async def record(uow: UnitOfWork, transitions: Sequence[tuple[UUID, Transition]]) -> None:
    """In the order in which they happened."""
    if transitions:
        await repository.insert(uow, transitions)


async def forget(uow: UnitOfWork, members: Collection[UUID]) -> None:
    """Keep no value by which they stood so."""
    await repository.forget(uow, members)


async def of_member(db: Database, member_id: UUID, *, before: int = 0, limit: int) -> list[Record]:
    """Newest first; `before`: the number of the last one seen."""
    return await repository.of_member(db, member_id, before=before, limit=limit)


async def latest(db: Database, member_id: UUID) -> dict[str, Transition]:
    """A member's last transition of each dimension."""
    return {row["dimension"]: read(dict(row)) for row in await repository.latest(db, member_id)}


async def all_of(db: Database, member_id: UUID, *, limit: int) -> list[Transition]:
    """Newest first."""
    return [read(dict(row)) for row in await of_member(db, member_id, limit=limit)]


async def until(db: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """The latest first, of those before (moment, number); None: from the last on."""
    return await repository.until(db, member_id, moment=moment, before=before, limit=limit)


async def count(db: Database, calendar: Calendar, *, first: date, last: date, by: Period) -> list[tuple[date, Record]]:
    """How many of each kind happened in each business day or month, from one day to another, which is included. Each with
    the first day of its period. Raises RangeInvalid.
    """
    starts, moments = bounds(calendar, first=first, last=last, by=by)
    return [(starts[row["period"]], row) for row in await repository.count(db, moments)]


def bounds(calendar: Calendar, *, first: date, last: date, by: Period) -> tuple[list[date], list[datetime]]:
    """The first day of each period, and the moments at which each begins and the last one ends. Raises RangeInvalid."""
    if last < first:
        raise RangeInvalid("to: expected a day not before `from`")
    starts = [first]
    while (following := _following(starts[-1], by)) <= last:
        starts.append(following)
        if len(starts) > MOST_PERIODS:
            raise RangeInvalid(f"to: at most {MOST_PERIODS} periods at once")
    return starts, [calendar.start_of(day.toordinal() - EPOCH) for day in (*starts, last + timedelta(days=1))]


def _following(day: date, by: Period) -> date:
    if by == "day":
        return day + timedelta(days=1)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
