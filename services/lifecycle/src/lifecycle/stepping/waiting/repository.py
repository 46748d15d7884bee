from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.bus.records import LogRow, as_columns
from common.connection import Record
from common.db import Database, UnitOfWork

_INSERT = """
INSERT INTO waiting_event (member_id, turn_at, producer, generation, position_id, appended_at, key, type, event_id,
    envelope, revision)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::text[],
                     $8::text[], $9::uuid[], $10::bytea[], $11::bigint[])
"""

_OF_MEMBERS = "SELECT * FROM waiting_event WHERE member_id = ANY($1) ORDER BY member_id, turn_at, number"


async def insert(uow: UnitOfWork, events: Sequence[tuple[UUID, datetime, LogRow, int]]) -> None:
    """In the order given: (member, turn, row of the log, revision)."""
    await uow.execute(
        _INSERT,
        [member_id for member_id, *_ in events],
        [turn_at for _, turn_at, *_ in events],
        *as_columns([row for _, _, row, _ in events]),
        [revision for *_, revision in events],
    )


async def of_members(uow: UnitOfWork, members: Collection[UUID]) -> list[Record]:
    """In the order of their turns."""
    return await uow.fetch(_OF_MEMBERS, list(members))


async def delete(uow: UnitOfWork, numbers: Collection[int]) -> None:
    await uow.execute("DELETE FROM waiting_event WHERE number = ANY($1)", list(numbers))


async def count(reader: Database, member_id: UUID | None) -> int:
    counted: int = await reader.fetchval(
        "SELECT count(*) FROM waiting_event WHERE $1::uuid IS NULL OR member_id = $1", member_id
    )
    return counted
