"""The first lock of every transaction that consumes: its lanes. One owner at a time, and a fence against zombies."""

from collections.abc import Collection

from common.bus.lanes import LANES
from common.db import UnitOfWork

EVERY_LANE = range(LANES)
WHOLE = -1
"""The row that stands for all lanes of a group that reads over PostgreSQL, where one worker has them all."""


async def begin_lanes(uow: UnitOfWork, group: str, lanes: Collection[int]) -> None:
    """Make sure that their rows are there."""
    await uow.execute(
        "INSERT INTO lane (consumer_group, partition) SELECT $1, unnest($2::int[]) ON CONFLICT DO NOTHING",
        group,
        list(lanes),
    )


async def end_lanes(uow: UnitOfWork, group: str, lanes: Collection[int]) -> None:
    """The group reads over the other bus from now on."""
    await uow.execute("DELETE FROM lane WHERE consumer_group = $1 AND partition = ANY($2::int[])", group, list(lanes))


async def lock_lanes(uow: UnitOfWork, group: str, lanes: Collection[int] = EVERY_LANE) -> None:
    """Keep everybody else who consumes out of these lanes until this unit of work ends, over whatever bus."""
    await uow.execute(
        "SELECT FROM lane WHERE consumer_group = $1 AND partition = ANY($2::int[]) ORDER BY partition FOR UPDATE",
        group,
        [WHOLE, *lanes],
    )
