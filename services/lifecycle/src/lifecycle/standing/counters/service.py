from collections.abc import Mapping

from common.db import UnitOfWork
from lifecycle.standing.counters import repository
from lifecycle.standing.counters.domain import Counter, Place


async def move(uow: UnitOfWork, counter: Counter, moves: Mapping[Place, int]) -> None:
    """How many more there are in each place. A lane has one writer at a time, but for what it does for an identity of another."""
    differences = {place: count for place, count in moves.items() if count}
    if differences:
        await repository.move(uow, counter, differences)
