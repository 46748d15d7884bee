from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_INSERT = """
INSERT INTO forwarded_event (lane, member_id, at, type, event_id, envelope)
SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[], $6::bytea[])
"""

_OLDEST = "SELECT * FROM forwarded_event WHERE lane = ANY($1) ORDER BY number LIMIT $2"

# A merger that waits for time would be waited for in vain, so time may come to it, not beyond.
_HORIZON = """
SELECT least(
    $1::timestamptz,
    (SELECT min(coalesce(clock.read_to, 'epoch')) FROM lane_clock AS clock
     WHERE EXISTS (SELECT FROM merger WHERE merger.lane = clock.lane AND root_id IS NOT NULL)),
    (SELECT min(at) - interval '1 microsecond' FROM forwarded_event),
    (SELECT min(turn_at) FROM waiting_event WHERE type = $2)
)
"""


@dataclass(frozen=True, slots=True)
class Sent:
    lane: int
    member_id: UUID
    at: datetime
    type: str
    event_id: UUID
    envelope: bytes


async def insert(uow: UnitOfWork, sent: Sequence[Sent]) -> None:
    """In the order in which they are to be taken."""
    await uow.execute(
        _INSERT,
        [each.lane for each in sent],
        [each.member_id for each in sent],
        [each.at for each in sent],
        [each.type for each in sent],
        [each.event_id for each in sent],
        [each.envelope for each in sent],
    )


async def oldest(reader: Database | UnitOfWork, lanes: Collection[int], *, limit: int) -> list[Record]:
    return await reader.fetch(_OLDEST, list(lanes), limit)


async def delete(uow: UnitOfWork, numbers: Collection[int]) -> None:
    await uow.execute("DELETE FROM forwarded_event WHERE number = ANY($1)", list(numbers))


async def count(reader: Database) -> int:
    counted: int = await reader.fetchval("SELECT count(*) FROM forwarded_event")
    return counted


async def horizon(uow: UnitOfWork, moment: datetime, *, merging: str) -> datetime:
    found: datetime = await uow.fetchval(_HORIZON, moment, merging)
    return found
