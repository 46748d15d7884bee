from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from common.bus.records import Received, from_columns
from common.db import Database, UnitOfWork
from lifecycle.stepping.domain import Arrival
from lifecycle.stepping.waiting import repository
from lifecycle.stepping.waiting.domain import Turn, arrival_of

Queue = list[Turn[Received[Any]]]


def received_as(received: Received[Any], *, revision: int) -> Arrival:
    return arrival_of(received.envelope, received.event, appended_at=received.appended_at, revision=revision)


async def queues(uow: UnitOfWork, members: Collection[UUID]) -> dict[UUID, Queue]:
    """What waits for these members, in the order of its turns."""
    found: dict[UUID, Queue] = defaultdict(list)
    for row in await repository.of_members(uow, members):
        received = from_columns(row)
        found[row["member_id"]].append(
            Turn(
                row["turn_at"],
                row["producer"],
                received_as(received, revision=row["revision"]),
                received,
                row["number"],
            )
        )
    return found


async def keep(uow: UnitOfWork, turns: Sequence[tuple[UUID, Turn[Received[Any]]]]) -> None:
    """Keep events that wait from now on, in the transaction that passes over them in the log."""
    if turns:
        await repository.insert(
            uow, [(member_id, turn.turn_at, turn.source.row, turn.arrival.revision) for member_id, turn in turns]
        )


async def release(uow: UnitOfWork, numbers: Collection[int]) -> None:
    """Forget events that have been stepped."""
    if numbers:
        await repository.delete(uow, numbers)


async def count(db: Database, member_id: UUID | None = None) -> int:
    """How many wait, for a member or at all."""
    return await repository.count(db, member_id)
