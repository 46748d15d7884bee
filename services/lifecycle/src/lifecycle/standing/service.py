"""How many members stand where, counted by the transactions that move them, so that nobody has to count members."""

from collections import Counter as Tally
from collections.abc import Iterable

from common.db import Database, UnitOfWork
from lifecycle.members.domain import Member
from lifecycle.policy.domain import Policy
from lifecycle.standing import repository
from lifecycle.standing.counters import service as counters
from lifecycle.standing.counters.domain import Counter, Place
from lifecycle.standing.schemas import StandingCount

COUNTER = Counter("standing_count", ("stage", "health"), "members")


async def move(uow: UnitOfWork, moved: Iterable[tuple[int, Member | None, Member]]) -> None:
    """(lane, as they were, as they are); None: they are new."""
    moves: Tally[Place] = Tally()
    for lane, before, after in moved:
        if after.stands:
            moves[lane, after.stage, after.health] += 1
        if before is not None and before.stands:
            moves[lane, before.stage, before.health] -= 1
    await counters.move(uow, COUNTER, moves)


async def counts(db: Database) -> list[StandingCount]:
    """Where there are any members."""
    return [StandingCount(**dict(row)) for row in await repository.counts(db)]


def totals(counts: Iterable[StandingCount], policy: Policy) -> dict[str, dict[str, int]]:
    """Dimension → value → members; every value of the policy is there."""
    found = {dimension.name: {value.name: 0 for value in dimension.values} for dimension in policy.dimensions}
    for count in counts:
        for dimension, value in (("stage", count.stage), ("health", count.health)):
            found[dimension][value] = found[dimension].get(value, 0) + count.members
    return found
