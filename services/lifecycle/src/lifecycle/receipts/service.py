from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.calendars.domain import Calendar
from lifecycle.decisions.domain import Decision
from lifecycle.receipts import repository
from lifecycle.receipts.domain import counted, is_counted


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


async def counts_of(db: Database, member_id: UUID, *, rule: str | None = None, limit: int) -> list[Record]:
    """Decisions of a member that changed nothing, the latest days first."""
    return await repository.counts_of(db, member_id, rule=rule, limit=limit)
