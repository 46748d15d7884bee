from collections.abc import Collection
from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork
from common.ids import LOWEST
from common.narrowing import narrowed

_MEMBERS = """
SELECT member_id, state, stage, health, due_at, version FROM member
WHERE lane = $1 AND member_id > $2 AND asked ORDER BY member_id LIMIT $3
"""

_OF = {
    "waiting_event": "SELECT member_id, event_id FROM waiting_event WHERE member_id = ANY($1) ORDER BY turn_at, number",
    "transition": "SELECT * FROM transition WHERE member_id = ANY($1) ORDER BY member_id, number",
    "receipt": "SELECT * FROM receipt WHERE member_id = ANY($1) ORDER BY member_id, number",
    "receipt_count": "SELECT * FROM receipt_count WHERE member_id = ANY($1)",
    "action": "SELECT * FROM action WHERE member_id = ANY($1)",
}


async def freeze(uow: UnitOfWork) -> None:
    """Everything that is read from now on is as of now, and nothing is written: without a transaction id it holds no reader of
    a log back, however long it takes.
    """
    await uow.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await uow.execute("SET LOCAL transaction_timeout = '1h'")


async def members(uow: UnitOfWork, lane: int, *, after: UUID | None, only: UUID | None, limit: int) -> list[Record]:
    """In the order of their ids."""
    return await uow.fetch(*narrowed(_MEMBERS, lane, after or LOWEST, limit, where={"member_id =": only}))


async def of(uow: UnitOfWork, table: str, members: Collection[UUID]) -> list[Record]:
    """The rows that a table holds of these members, in the order in which they were written."""
    return await uow.fetch(_OF[table], list(members))
