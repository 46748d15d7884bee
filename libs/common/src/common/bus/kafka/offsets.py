"""How far a group has come in each partition: rows of the consumer, moved in the transaction of its state."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from common.bus.cursors import OtherBus
from common.bus.kafka.chain import Baseline, Chain
from common.bus.lanes import LANES
from common.bus.locks import EVERY_LANE, begin_lanes, lock_lanes
from common.bus.position import Position
from common.connection import Record
from common.db import Database, UnitOfWork

_BEGIN = """
INSERT INTO log_offset (consumer_group, producer, partition, baseline)
SELECT $1, $2, partition,
       CASE WHEN NOT EXISTS (SELECT FROM log_offset WHERE consumer_group = $1 AND producer = $2) THEN 'first' END
FROM generate_series(0, $3::int - 1) AS partition
ON CONFLICT DO NOTHING
"""
_READS_POSTGRES = "SELECT EXISTS (SELECT FROM log_cursor WHERE consumer_group = $1 AND producer = $2)"


@dataclass(frozen=True, slots=True)
class Gap:
    """`least`: the least position known to be missing. The partition is read again from its start now and then, since what was
    sent again may stand before `next_offset` where a topic was made anew.
    """

    least: Position
    since: datetime
    reread_at: datetime
    giving_up: bool = False
    """A person has decided to go on without what is still missing when it was read again."""


@dataclass(frozen=True, slots=True)
class Offset:
    next_offset: int = 0
    """Where to read on."""
    chain: Chain = field(default_factory=Chain)
    log: UUID | None = None
    """The identity of the outbox that was read; None before the first record."""
    gap: Gap | None = None
    """Something is missing: nothing is applied until a record comes that follows what was applied last."""
    fork: Position | None = None
    """The record at `next_offset` follows this position, behind which events were applied: it waits for a person."""


@dataclass(frozen=True, slots=True)
class Locked:
    offset: Offset
    letters_open: bool
    """Whether the group has open dead letters."""


async def begin(uow: UnitOfWork, *, group: str, producer: str, partitions: int) -> dict[int, Offset]:
    """Where the group stands in every partition, and its lanes. A new group has all its rows at once, and may begin wherever
    the log does; a partition that is new to a group begins strictly with the first record. Raises OtherBus.
    """
    if await uow.fetchval(_READS_POSTGRES, group, producer):
        raise OtherBus(
            f"{group} reads {producer} over PostgreSQL: start it with BUS=postgres, or change it by `log switch kafka`"
        )
    await begin_lanes(uow, group, EVERY_LANE)
    await uow.execute(_BEGIN, group, producer, partitions)
    rows = await uow.fetch("SELECT * FROM log_offset WHERE consumer_group = $1 AND producer = $2", group, producer)
    return {row["partition"]: _offset(row) for row in rows}


async def lock(uow: UnitOfWork, *, group: str, producer: str, partition: int) -> Locked:
    """Take the lane, then the row: the first statements of a batch. Whoever else consumes this lane waits here.

    Two statements, so that the second sees what the previous owner of the lane committed.
    """
    await lock_lanes(uow, group, [partition % LANES])
    row = await uow.fetchrow(
        """
        SELECT *, EXISTS (SELECT FROM dead_letter WHERE consumer_group = $1 AND state = 'open') AS letters_open
        FROM log_offset WHERE consumer_group = $1 AND producer = $2 AND partition = $3 FOR UPDATE
        """,
        group,
        producer,
        partition,
    )
    if row is None:
        raise RuntimeError(f"the group {group} has no offset for partition {partition} of {producer}")
    return Locked(_offset(row), row["letters_open"])


async def lock_all(uow: UnitOfWork, *, group: str, producer: str) -> dict[int, Offset]:
    """Every partition of a producer, by its number; after the lanes."""
    rows = await uow.fetch(
        "SELECT * FROM log_offset WHERE consumer_group = $1 AND producer = $2 ORDER BY partition FOR UPDATE",
        group,
        producer,
    )
    return {row["partition"]: _offset(row) for row in rows}


async def move(uow: UnitOfWork, offset: Offset, *, group: str, producer: str, partition: int) -> None:
    await uow.execute(
        "UPDATE log_offset SET next_offset = $4, generation = $5, id = $6, ends = $7, baseline = $8, log = $9,"
        " gap_generation = $10, gap_id = $11, gap_since = $12, reread_at = $13, giving_up = $14,"
        " fork_generation = $15, fork_id = $16"
        " WHERE consumer_group = $1 AND producer = $2 AND partition = $3",
        group,
        producer,
        partition,
        offset.next_offset,
        offset.chain.last.generation,
        offset.chain.last.id,
        offset.chain.ends,
        offset.chain.baseline,
        offset.log,
        offset.gap.least.generation if offset.gap else None,
        offset.gap.least.id if offset.gap else None,
        offset.gap.since if offset.gap else None,
        offset.gap.reread_at if offset.gap else None,
        offset.gap.giving_up if offset.gap else False,
        offset.fork.generation if offset.fork else None,
        offset.fork.id if offset.fork else None,
    )


async def read(db: Database, *, group: str, producer: str) -> dict[int, Offset]:
    """Every partition that the group has begun to read, by its number."""
    rows = await db.fetch(
        "SELECT * FROM log_offset WHERE consumer_group = $1 AND producer = $2 ORDER BY partition", group, producer
    )
    return {row["partition"]: _offset(row) for row in rows}


def _offset(row: Record) -> Offset:
    return Offset(
        next_offset=row["next_offset"],
        chain=Chain(
            last=Position(row["generation"], row["id"]),
            ends={int(generation): end for generation, end in row["ends"].items()},
            baseline=Baseline(row["baseline"]) if row["baseline"] else None,
        ),
        log=row["log"],
        gap=_gap(row),
        fork=None if row["fork_id"] is None else Position(row["fork_generation"], row["fork_id"]),
    )


def _gap(row: Record) -> Gap | None:
    if row["gap_id"] is None:
        return None
    least = Position(row["gap_generation"], row["gap_id"])
    return Gap(least, row["gap_since"], row["reread_at"], giving_up=row["giving_up"])
