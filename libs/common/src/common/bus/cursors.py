"""How far a group has read each producer: rows of the consumer, moved in the transaction of its state."""

from dataclasses import dataclass
from uuid import UUID

from common.bus.position import Position
from common.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Cursor:
    position: Position
    event_id: UUID | None
    """The id of the event at the position; None at the floor."""


@dataclass(frozen=True, slots=True)
class Locked:
    cursor: Cursor
    letters_open: bool
    """Whether the group has open dead letters."""


async def read(uow: UnitOfWork, *, group: str, producer: str) -> Cursor | None:
    row = await uow.fetchrow(
        "SELECT generation, id, event_id FROM log_cursor WHERE consumer_group = $1 AND producer = $2", group, producer
    )
    return None if row is None else Cursor(Position(row["generation"], row["id"]), row["event_id"])


async def begin(uow: UnitOfWork, *, group: str, producer: str, floor: Position) -> Cursor:
    """Start a group at the floor, unless it has started already; make sure that its lane exists."""
    await uow.execute("INSERT INTO lane (consumer_group, partition) VALUES ($1, 0) ON CONFLICT DO NOTHING", group)
    await uow.execute(
        "INSERT INTO log_cursor (consumer_group, producer, generation, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        group,
        producer,
        floor.generation,
        floor.id,
    )
    cursor = await read(uow, group=group, producer=producer)
    if cursor is None:
        raise RuntimeError("a cursor that was just written is not there")
    return cursor


async def lock(uow: UnitOfWork, *, group: str, producer: str) -> Locked:
    """Take the lane, then the cursor: the first statements of a batch. Whoever else consumes for the group waits here.

    Two statements, so that the second sees what the previous owner of the lane committed.
    """
    await uow.execute("SELECT FROM lane WHERE consumer_group = $1 AND partition = 0 FOR UPDATE", group)
    row = await uow.fetchrow(
        """
        SELECT generation, id, event_id,
               EXISTS (SELECT FROM dead_letter WHERE consumer_group = $1 AND state = 'open') AS letters_open
        FROM log_cursor WHERE consumer_group = $1 AND producer = $2 FOR UPDATE
        """,
        group,
        producer,
    )
    if row is None:
        raise RuntimeError(f"the group {group} has no cursor for {producer}")
    return Locked(Cursor(Position(row["generation"], row["id"]), row["event_id"]), row["letters_open"])


async def move(uow: UnitOfWork, cursor: Cursor, *, group: str, producer: str) -> None:
    await uow.execute(
        "UPDATE log_cursor SET generation = $3, id = $4, event_id = $5 WHERE consumer_group = $1 AND producer = $2",
        group,
        producer,
        cursor.position.generation,
        cursor.position.id,
        cursor.event_id,
    )
