from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import LOWEST

_INSERT = """
INSERT INTO coupon_template (id, code, name_zh, name_en, value_minor, minimum_spend_minor, currency, valid_days, starts_at,
                             ends_at, supply, issued, per_member_limit, claimable, state, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, $15, $15)
ON CONFLICT (code) DO NOTHING
"""

_UPDATE = """
UPDATE coupon_template SET name_zh = $2, name_en = $3, value_minor = $4, minimum_spend_minor = $5, valid_days = $6,
    starts_at = $7, ends_at = $8, supply = $9, per_member_limit = $10, claimable = $11, state = $12, updated_at = $13
WHERE code = $1 AND state <> 'ended' AND ($9::int IS NULL OR issued <= $9)
"""

_OFFERS = """
SELECT * FROM coupon_template
WHERE state = 'active' AND claimable AND (ends_at IS NULL OR ends_at > $1) AND (supply IS NULL OR issued < supply)
    AND id > $2
ORDER BY id LIMIT $3
"""

EDITABLE = (
    *("name_zh", "name_en", "value_minor", "minimum_spend_minor", "valid_days", "starts_at", "ends_at", "supply"),
    *("per_member_limit", "claimable", "state"),
)


async def insert(uow: UnitOfWork, *, template_id: UUID, at: datetime, fields: Mapping[str, Any]) -> bool:
    """False: the code is taken."""
    names = ("code", *EDITABLE[:4], "currency", *EDITABLE[4:])
    return await uow.execute(_INSERT, template_id, *(fields[name] for name in names), at) == 1


async def update(uow: UnitOfWork, *, code: str, at: datetime, fields: Mapping[str, Any]) -> bool:
    """False: it has ended, or more were issued than the new supply."""
    return await uow.execute(_UPDATE, code, *(fields[name] for name in EDITABLE), at) == 1


async def find(reader: Database | UnitOfWork, code: str) -> Record | None:
    return await reader.fetchrow("SELECT * FROM coupon_template WHERE code = $1", code)


async def list_all(reader: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch(
        "SELECT * FROM coupon_template WHERE id > $1 ORDER BY id LIMIT $2", after or LOWEST, limit
    )


async def list_offers(reader: Database, *, now: datetime, after: UUID | None, limit: int) -> list[Record]:
    return await reader.fetch(_OFFERS, now, after or LOWEST, limit)


async def lock(uow: UnitOfWork, codes: Collection[str]) -> list[Record]:
    """Always in the order of their codes, so that two who lock several do not wait for one another."""
    return await uow.fetch(
        "SELECT * FROM coupon_template WHERE code = ANY($1) ORDER BY code FOR NO KEY UPDATE", list(codes)
    )


async def give_back_supply(uow: UnitOfWork, given: Sequence[tuple[str, int]]) -> None:
    await uow.execute(
        "UPDATE coupon_template SET issued = issued - count FROM unnest($1::text[], $2::int[]) AS given (code, count)"
        " WHERE coupon_template.code = given.code",
        [code for code, _ in given],
        [count for _, count in given],
    )


async def take_supply(uow: UnitOfWork, taken: Sequence[tuple[str, int]]) -> int:
    """How many templates had as many left as are taken."""
    return await uow.execute(
        "UPDATE coupon_template SET issued = issued + count FROM unnest($1::text[], $2::int[]) AS taken (code, count)"
        " WHERE coupon_template.code = taken.code AND (supply IS NULL OR issued + count <= supply)",
        [code for code, _ in taken],
        [count for _, count in taken],
    )
