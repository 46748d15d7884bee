"""The one statement that reads what a price needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from orders.campaigns.domain import CampaignTerms
from orders.coupons.domain import CouponTerms
from orders.quotes.domain import Offer, Wish

# One row for each SKU asked for; point, campaign and coupon stand in every row.
_READ = """
WITH asked_campaign AS MATERIALIZED (
    SELECT id, status, opens_at, closes_at, coupons_allowed FROM campaign WHERE id = $2 {lock}
)
SELECT wanted.id AS sku_id, sku.price_minor, sku.supplied IS NOT NULL AS tracked,
       campaign_sku.price_minor AS campaign_price_minor, campaign_sku.cap IS NOT NULL AS capped,
       point.id AS point_id,
       campaign.id AS campaign_id, campaign.status AS campaign_status, campaign.opens_at, campaign.closes_at,
       campaign.coupons_allowed,
       coupon.id AS coupon_id, coupon.value_minor, coupon.minimum_spend_minor, coupon.currency, coupon.valid_from,
       coupon.expires_at, coupon.status AS coupon_status
FROM unnest($1::uuid[]) AS wanted (id)
LEFT JOIN sku ON sku.id = wanted.id AND sku.active
LEFT JOIN pickup_point AS point ON point.id = $3 AND point.active
LEFT JOIN asked_campaign AS campaign ON true
LEFT JOIN campaign_sku ON campaign_sku.campaign_id = $2 AND campaign_sku.sku_id = wanted.id
LEFT JOIN coupon ON coupon.id = $4 AND coupon.member_id = $5
"""
_READ_TO_QUOTE = _READ.format(lock="")
_READ_TO_PLACE = _READ.format(lock="FOR SHARE")


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of what was asked for."""

    offers: Mapping[UUID, Offer]
    point: bool
    campaign: CampaignTerms | None
    coupon: CouponTerms | None


async def read_offers(reader: Database | UnitOfWork, wish: Wish) -> Found:
    """In a unit of work the campaign cannot be closed or changed until its end."""
    sql = _READ_TO_PLACE if isinstance(reader, UnitOfWork) else _READ_TO_QUOTE
    sku_ids = list({line.sku_id for line in wish.lines})
    rows = await reader.fetch(sql, sku_ids, wish.campaign_id, wish.pickup_point_id, wish.coupon_id, wish.member_id)
    first = rows[0]
    return Found(_offers(rows), first["point_id"] is not None, _campaign(first), _coupon(first))


def _offers(rows: Sequence[Record]) -> dict[UUID, Offer]:
    return {
        row["sku_id"]: Offer(
            price_minor=row["price_minor"],
            tracked=row["tracked"],
            campaign_price_minor=row["campaign_price_minor"],
            capped=row["capped"],
        )
        for row in rows
        if row["price_minor"] is not None
    }


def _campaign(row: Record) -> CampaignTerms | None:
    if row["campaign_id"] is None:
        return None
    return CampaignTerms(
        status=row["campaign_status"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        coupons_allowed=row["coupons_allowed"],
    )


def _coupon(row: Record) -> CouponTerms | None:
    if row["coupon_id"] is None:
        return None
    return CouponTerms(
        coupon_id=row["coupon_id"],
        value_minor=row["value_minor"],
        minimum_spend_minor=row["minimum_spend_minor"],
        currency=row["currency"],
        valid_from=row["valid_from"],
        expires_at=row["expires_at"],
        status=row["coupon_status"],
    )
