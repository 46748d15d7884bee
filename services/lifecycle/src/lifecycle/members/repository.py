from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST
from common.narrowing import narrowed

# In the order of their keys, so that two who lock several do not wait for one another.
_LOCK = """
SELECT member.member_id, member.lane, member.state, timer.due_at AS armed_at,
       EXISTS (SELECT FROM waiting_event AS waiting WHERE waiting.member_id = member.member_id) AS waits
FROM member LEFT JOIN member_timer AS timer ON timer.member_id = member.member_id
WHERE member.member_id = ANY($1) ORDER BY member.member_id FOR UPDATE OF member
"""

_SAVE = """
INSERT INTO member (member_id, lane, state, stage, health, due_at, version)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::int[])
ON CONFLICT (member_id) DO UPDATE
SET state = excluded.state, stage = excluded.stage, health = excluded.health, due_at = excluded.due_at,
    version = excluded.version
"""

_LIST = """
SELECT state FROM member
WHERE stage IS NOT NULL AND member_id > $1 AND asked ORDER BY member_id LIMIT $2
"""


class Row(msgspec.Struct, frozen=True, gc=False):
    member_id: UUID
    lane: int
    state: bytes
    stage: str | None
    """None: they stand nowhere."""
    health: str | None
    due_at: datetime | None
    version: int


async def lock(uow: UnitOfWork, members: Collection[UUID]) -> list[Record]:
    return await uow.fetch(_LOCK, list(members))


async def save(uow: UnitOfWork, rows: Sequence[Row]) -> None:
    await uow.execute(
        _SAVE,
        [row.member_id for row in rows],
        [row.lane for row in rows],
        [row.state for row in rows],
        [row.stage for row in rows],
        [row.health for row in rows],
        [row.due_at for row in rows],
        [row.version for row in rows],
    )


async def find_state(reader: Database, member_id: UUID) -> bytes | None:
    state: bytes | None = await reader.fetchval("SELECT state FROM member WHERE member_id = $1", member_id)
    return state


async def list_states(
    reader: Database, *, after: UUID | None, stage: str | None, health: str | None, limit: int
) -> list[bytes]:
    where = {"stage =": stage, "health =": health}
    return [row["state"] for row in await reader.fetch(*narrowed(_LIST, after or LOWEST, limit, where=where))]
