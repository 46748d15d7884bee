"""How far a group has read each producer: rows of the consumer, moved in the transaction of its state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from common.bus.locks import WHOLE, begin_lanes, lock_lanes
from common.bus.position import Position
from common.bus.records import LogRow
from common.connection import Record
from common.db import UnitOfWork
from common.errors import Conflict


@dataclass(frozen=True, slots=True)
class Cursor:
    position: Position
    event_id: UUID | None
    """The id of the event at the position; None at the floor."""
    ends: Mapping[int, int] = field(default_factory=dict)
    """For each generation, the last id handled. A generation is written by one server in one incarnation, so its events
    have one order in every history that holds them: however the producer fails over and back, this tells what was handled."""

    def has_passed(self, position: Position) -> bool:
        return position.id <= self.ends.get(position.generation, 0)

    def advanced(self, rows: Sequence[LogRow]) -> "Cursor":
        """After these rows, which are in log order."""
        last = rows[-1]
        ends = {row.position.generation: row.position.id for row in rows if not self.has_passed(row.position)}
        return Cursor(last.position, last.event_id, {**self.ends, **ends})


@dataclass(frozen=True, slots=True)
class Locked:
    cursor: Cursor
    letters_open: bool
    """Whether the group has open dead letters."""


async def read(uow: UnitOfWork, *, group: str, producer: str) -> Cursor | None:
    row = await uow.fetchrow(
        "SELECT generation, id, event_id, ends FROM log_cursor WHERE consumer_group = $1 AND producer = $2",
        group,
        producer,
    )
    return None if row is None else _cursor(row)


_READS_KAFKA = "SELECT EXISTS (SELECT FROM log_offset WHERE consumer_group = $1 AND producer = $2)"


class OtherBus(Conflict):
    """The group reads over the other bus: see `log switch`."""


async def begin(uow: UnitOfWork, *, group: str, producer: str, floor: Position) -> Cursor:
    """Start a group at the floor, unless it has started already; make sure that its lane exists. Raises OtherBus."""
    if await uow.fetchval(_READS_KAFKA, group, producer):
        raise OtherBus(
            f"{group} reads {producer} over Kafka: start it with BUS=kafka, or change it by `log switch postgres`"
        )
    await begin_lanes(uow, group, [WHOLE])
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
    await lock_lanes(uow, group, [])
    row = await uow.fetchrow(
        """
        SELECT generation, id, event_id, ends,
               EXISTS (SELECT FROM dead_letter WHERE consumer_group = $1 AND state = 'open') AS letters_open
        FROM log_cursor WHERE consumer_group = $1 AND producer = $2 FOR UPDATE
        """,
        group,
        producer,
    )
    if row is None:
        raise RuntimeError(f"the group {group} has no cursor for {producer}")
    return Locked(_cursor(row), row["letters_open"])


async def move(uow: UnitOfWork, cursor: Cursor, *, group: str, producer: str) -> None:
    await uow.execute(
        "UPDATE log_cursor SET generation = $3, id = $4, event_id = $5, ends = $6"
        " WHERE consumer_group = $1 AND producer = $2",
        group,
        producer,
        cursor.position.generation,
        cursor.position.id,
        cursor.event_id,
        cursor.ends,
    )


def _cursor(row: Record) -> Cursor:
    ends = {int(generation): end for generation, end in row["ends"].items()}
    return Cursor(Position(row["generation"], row["id"]), row["event_id"], ends)
