from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.contracts.members import CouponIssued, CouponRecalled
from common.db import Database, UnitOfWork
from common.ids import HIGHEST

_GRANT = """
WITH granted AS (
    INSERT INTO coupon (id, member_id, template, value_minor, minimum_spend_minor, currency, valid_from, expires_at,
        status, changed_at)
    SELECT issued.*, 'issued', $9
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[],
        $8::timestamptz[]) AS issued
    ON CONFLICT (id) DO NOTHING
    RETURNING id, expires_at
)
INSERT INTO timer (kind, business_id, due_at) SELECT $10, id, expires_at FROM granted
"""

# A coupon that is not known yet is kept as revoked, so that its issue, when it comes, finds it there.
_REVOKE = """
INSERT INTO coupon (id, member_id, template, value_minor, minimum_spend_minor, currency, valid_from, expires_at, status,
    changed_at)
SELECT recalled.*, 'revoked', $9
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[],
    $8::timestamptz[]) AS recalled (id)
ORDER BY recalled.id
ON CONFLICT (id) DO UPDATE SET status = 'revoked', changed_at = excluded.changed_at
WHERE coupon.status = 'issued' AND coupon.member_id = excluded.member_id
"""


async def insert_coupons(uow: UnitOfWork, coupons: Sequence[CouponIssued], *, timer_kind: str, now: datetime) -> None:
    """Keep the grants that are not known yet, each with the timer of its end."""
    await uow.execute(_GRANT, *_terms(coupons), now, timer_kind)


async def revoke(uow: UnitOfWork, coupons: Sequence[CouponRecalled]) -> dict[UUID, Record]:
    """Take back those that nobody has spent or holds; each coupon once. What holds of every one of them afterwards."""
    await uow.execute(_REVOKE, *_terms(coupons), uow.now)
    rows = await uow.fetch(
        "SELECT id, status, changed_at FROM coupon WHERE id = ANY($1)", [coupon.coupon_id for coupon in coupons]
    )
    return {row["id"]: row for row in rows}


def _terms(coupons: Sequence[CouponIssued] | Sequence[CouponRecalled]) -> tuple[list[object], ...]:
    """As arrays for `unnest`."""
    return (
        [coupon.coupon_id for coupon in coupons],
        [coupon.member_id for coupon in coupons],
        [coupon.template for coupon in coupons],
        [coupon.value_minor for coupon in coupons],
        [coupon.minimum_spend_minor for coupon in coupons],
        [coupon.currency for coupon in coupons],
        [coupon.valid_from for coupon in coupons],
        [coupon.expires_at for coupon in coupons],
    )


async def expire(uow: UnitOfWork, coupon_id: UUID) -> tuple[UUID, datetime] | None:
    """The coupon's member and its end; None when it is held, spent or gone already."""
    row = await uow.fetchrow(
        "UPDATE coupon SET status = 'expired', changed_at = $2"
        " WHERE id = $1 AND status = 'issued' AND expires_at <= $2 RETURNING member_id, expires_at",
        coupon_id,
        uow.now,
    )
    return (row["member_id"], row["expires_at"]) if row is not None else None


async def list_of(
    db: Database, member_id: UUID, *, status: str | None, before: UUID | None, limit: int
) -> list[Record]:
    return await db.fetch(
        "SELECT id, template, value_minor, minimum_spend_minor, currency, valid_from, expires_at, status, order_id"
        " FROM coupon WHERE member_id = $1 AND ($2::text IS NULL OR status = $2) AND id < $3"
        " ORDER BY id DESC LIMIT $4",
        member_id,
        status,
        before or HIGHEST,
        limit,
    )
