"""How many members stand where, counted by the transactions that move them, so that nobody has to count members."""

from collections import Counter
from collections.abc import Iterable

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.members.domain import Member
from lifecycle.standing import repository


async def move(uow: UnitOfWork, moved: Iterable[tuple[int, Member | None, Member]]) -> None:
    """(lane, as they were, as they are); None: they are new."""
    moves: Counter[tuple[int, str, str]] = Counter()
    for lane, before, after in moved:
        moves[lane, after.stage, after.health] += 1
        if before is not None:
            moves[lane, before.stage, before.health] -= 1
    differences = {place: count for place, count in moves.items() if count}
    if differences:
        await repository.move(uow, differences)


async def counts(db: Database) -> list[Record]:
    """(stage, health, members), where there are any."""
    return await repository.counts(db)
