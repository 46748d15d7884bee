from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.errors import ReceiptUnknown
from lifecycle.receipts import repository
from lifecycle.receipts.domain import DayCount, Receipt, counted, is_counted, read_day, read_receipt
from lifecycle.stepping.decisions.domain import Decision

AT_ONCE = 1_000
"""Rows that one transaction forgets: the lanes' own work waits for none of them for long."""


async def record(
    uow: UnitOfWork, decided: Sequence[tuple[UUID, Decision, datetime]], *, calendars: Mapping[int, Calendar]
) -> None:
    """(member, decision, gate time), in the order in which they were taken. `calendars`: by version of the policy."""
    whole = [each for each in decided if not is_counted(each[1])]
    if whole:
        await repository.insert(uow, whole)
    counts = counted([(member_id, decision) for member_id, decision, _ in decided if is_counted(decision)], calendars)
    if counts:
        await repository.count_up(uow, counts)


async def forget(uow: UnitOfWork, members: Collection[UUID]) -> None:
    """Keep no value of theirs: that something was decided stays, by what does not."""
    await repository.forget(uow, members)


async def list_receipts(
    db: Database,
    *,
    member_id: UUID | None = None,
    rule: str | None = None,
    outcome: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
    limit: int,
) -> list[Record]:
    """Newest first; `before`: the number of the last one seen."""
    return await repository.list_receipts(
        db, member_id=member_id, rule=rule, outcome=outcome, since=since, until=until, before=before, limit=limit
    )


async def of_member(
    db: Database, member_id: UUID, *, rule: str | None = None, since: datetime | None = None, limit: int
) -> list[Receipt]:
    """Newest first; `since`: only those decided then or later."""
    rows = await repository.of_member(db, member_id, rule=rule, since=since, limit=limit)
    return [read_receipt(dict(row)) for row in rows]


async def until(db: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """The latest first, of those decided before (moment, number); None: from the last on."""
    return await repository.until(db, member_id, moment=moment, before=before, limit=limit)


async def get_receipt(db: Database, number: int) -> Record:
    """Raises ReceiptUnknown."""
    row = await repository.find(db, number)
    if row is None:
        raise ReceiptUnknown(f"there is no receipt {number}, or it is not kept any more")
    return row


async def days_of(
    db: Database, member_id: UUID, *, rule: str | None = None, since: date | None = None, limit: int
) -> list[DayCount]:
    """Decisions of a member that changed nothing, the latest days first."""
    return [
        read_day(dict(row)) for row in await repository.counts_of(db, member_id, rule=rule, since=since, limit=limit)
    ]


async def prune(db: Database, *, before: datetime, calendar: Calendar) -> int:
    """Forget what was decided before that moment, a little at a time; how many rows were."""
    day = date.fromordinal(calendar.day_of(before) + EPOCH)
    pruned, last = 0, AT_ONCE
    while last:
        async with db.transaction() as uow:
            last = await repository.prune(uow, before=before, limit=AT_ONCE)
            last += await repository.prune_counts(uow, before=day, limit=AT_ONCE)
        pruned += last
    return pruned
