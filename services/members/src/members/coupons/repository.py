from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from members.coupons.domain import Spending

_HELD = """
SELECT template, member_id, count(*) AS coupons FROM coupon
WHERE template = ANY($1) AND member_id = ANY($2) GROUP BY template, member_id
"""

_INSERT = """
INSERT INTO coupon (id, template, member_id, slot, value_minor, minimum_spend_minor, currency, valid_from, expires_at,
                    source, action_id, status, issued_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'issued', $12)
"""

_FOLLOW = """
UPDATE coupon SET status = spent.status, order_id = spent.order_id
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS spent (id, member_id, status, order_id)
WHERE coupon.id = spent.id AND coupon.member_id = spent.member_id
"""

_REVOKE = """
UPDATE coupon SET status = 'revoked', order_id = NULL FROM unnest($1::uuid[], $2::uuid[]) AS revoked (id, member_id)
WHERE coupon.id = revoked.id AND coupon.member_id = revoked.member_id AND status <> 'revoked' RETURNING template
"""

_OF_MEMBER = """
SELECT coupon.*, name_zh, name_en FROM coupon JOIN coupon_template ON code = template
WHERE member_id = $1 AND ($2::text IS NULL OR status = $2) AND coupon.id < $3
ORDER BY coupon.id DESC LIMIT $4
"""

_ONE = "SELECT coupon.*, name_zh, name_en FROM coupon JOIN coupon_template ON code = template WHERE coupon.id = $1"


async def count_held(
    uow: UnitOfWork, *, templates: Collection[str], members: Collection[UUID]
) -> dict[tuple[str, UUID], int]:
    rows = await uow.fetch(_HELD, list(templates), list(members))
    return {(row["template"], row["member_id"]): row["coupons"] for row in rows}


async def insert(uow: UnitOfWork, rows: Iterable[tuple[object, ...]]) -> None:
    await uow.executemany(_INSERT, rows)


async def follow(uow: UnitOfWork, spendings: Sequence[Spending]) -> int:
    """How many of the coupons are there."""
    return await uow.execute(
        _FOLLOW,
        [spending.coupon_id for spending in spendings],
        [spending.member_id for spending in spendings],
        [spending.status for spending in spendings],
        [spending.order_id for spending in spendings],
    )


async def revoke(uow: UnitOfWork, coupons: Collection[tuple[UUID, UUID]]) -> list[str]:
    """(coupon, member). The template of each that was not revoked before."""
    rows = await uow.fetch(_REVOKE, [coupon_id for coupon_id, _ in coupons], [member_id for _, member_id in coupons])
    return [row["template"] for row in rows]


async def find_all(uow: UnitOfWork, coupons: Collection[UUID]) -> list[Record]:
    return await uow.fetch("SELECT * FROM coupon WHERE id = ANY($1)", list(coupons))


async def list_of_member(
    reader: Database, *, member_id: UUID, status: str | None, before: UUID | None, limit: int
) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_OF_MEMBER, member_id, status, before or HIGHEST, limit)


async def find(reader: Database | UnitOfWork, coupon_id: UUID) -> Record | None:
    return await reader.fetchrow(_ONE, coupon_id)
