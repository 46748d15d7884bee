from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork

_OPEN = (
    "INSERT INTO points_balance (member_id, balance, entries) SELECT unnest($1::uuid[]), 0, 0 ON CONFLICT DO NOTHING"
)

_LOCK = "SELECT * FROM points_balance WHERE member_id = ANY($1) ORDER BY member_id FOR NO KEY UPDATE"

_INSERT = """
INSERT INTO points_entry (id, member_id, number, kind, points, balance, reason, business_id, reverses, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_MOVE = """
UPDATE points_balance SET balance = moved.balance, entries = moved.entries
FROM unnest($1::uuid[], $2::bigint[], $3::int[]) AS moved (member_id, balance, entries)
WHERE points_balance.member_id = moved.member_id
"""

_LIST = """
SELECT * FROM points_entry WHERE member_id = $1 AND ($2::bigint = 0 OR number < $2) ORDER BY number DESC LIMIT $3
"""


async def lock_balances(uow: UnitOfWork, members: Collection[UUID]) -> list[Record]:
    """Always in the order of the members; a balance that is missing is made, and stays 0 until something is posted."""
    ordered = sorted(members)
    await uow.execute(_OPEN, ordered)
    return await uow.fetch(_LOCK, ordered)


async def find_by_key(uow: UnitOfWork, key: tuple[UUID, str, str]) -> Record | None:
    """`key`: member, reason, business id."""
    return await uow.fetchrow(
        "SELECT * FROM points_entry WHERE member_id = $1 AND reason = $2 AND business_id = $3", *key
    )


async def insert(uow: UnitOfWork, rows: Iterable[tuple[object, ...]]) -> None:
    await uow.executemany(_INSERT, rows)


async def move_balances(uow: UnitOfWork, balances: Mapping[UUID, tuple[int, int]]) -> None:
    """`balances`: member → balance and number of entries."""
    await uow.execute(
        _MOVE,
        list(balances),
        [balance for balance, _ in balances.values()],
        [entries for _, entries in balances.values()],
    )


async def find_balance(reader: Database, member_id: UUID) -> int:
    balance: int | None = await reader.fetchval("SELECT balance FROM points_balance WHERE member_id = $1", member_id)
    return balance or 0


async def find_entry(uow: UnitOfWork, *, member_id: UUID, entry_id: UUID) -> Record | None:
    return await uow.fetchrow("SELECT * FROM points_entry WHERE id = $1 AND member_id = $2", entry_id, member_id)


async def find_inverse(uow: UnitOfWork, entry_id: UUID) -> Record | None:
    return await uow.fetchrow("SELECT * FROM points_entry WHERE reverses = $1", entry_id)


async def find_with_inverse(uow: UnitOfWork, entries: Collection[UUID]) -> dict[UUID, Record]:
    """The entries by id; `inverse`: the id of the one that took it back, if any."""
    rows = await uow.fetch(
        "SELECT entry.*, inverse.id AS inverse FROM points_entry AS entry"
        " LEFT JOIN points_entry AS inverse ON inverse.reverses = entry.id WHERE entry.id = ANY($1)",
        list(entries),
    )
    return {row["id"]: row for row in rows}


async def list_entries(reader: Database, *, member_id: UUID, before: int, limit: int) -> list[Record]:
    """Newest first. `before`: a number, 0 for the newest."""
    return await reader.fetch(_LIST, member_id, before, limit)
