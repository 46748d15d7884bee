"""Who is in which segment, and how many: kept by the transactions that move them, so that nobody has to look for them."""

from collections import Counter as Tally
from collections.abc import Iterable
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.members.domain import Member
from lifecycle.standing.counters import service as counters
from lifecycle.standing.counters.domain import Counter, Place
from lifecycle.standing.segments import repository

COUNTER = Counter("segment_count", ("segment",), "members")


async def move(uow: UnitOfWork, moved: Iterable[tuple[int, Member | None, Member]]) -> None:
    """(lane, as they were, as they are); None: they are new."""
    moves: Tally[Place] = Tally()
    entered, left = [], []
    for lane, before, after in moved:
        been = before.segments if before else frozenset[str]()
        for segment in after.segments - been:
            entered.append((segment, after.member_id, after.episodes[segment].entered_at))
            moves[lane, segment] += 1
        for segment in been - after.segments:
            left.append((segment, after.member_id))
            moves[lane, segment] -= 1
    if entered:
        await repository.enter(uow, entered)
    if left:
        await repository.leave(uow, left)
    await counters.move(uow, COUNTER, moves)


async def list_members(db: Database, segment: str, *, after: UUID | None, limit: int) -> list[Record]:
    """(member_id, since), in the order of their ids."""
    return await repository.list_members(db, segment, after=after, limit=limit)


async def counts(db: Database) -> dict[str, int]:
    """Segment → members, of every segment that ever had any."""
    return await repository.counts(db)
