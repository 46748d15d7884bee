"""What an order costs: pure, from what is wanted and what is on offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.money import share
from orders.campaigns.domain import CampaignTerms, require_open
from orders.coupons.domain import CouponTerms, discount_of
from orders.errors import OrderTooLarge, SkuNotInCampaign, SkuUnknown

LARGEST_ORDER_MINOR = 10**15
"""Well below 2⁵³, to which JSON numbers are exact everywhere, and sums of many orders fit into a BIGINT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a line asks for. `agreed_minor`: the amount of the whole line, agreed on in an assisted order."""

    sku_id: UUID
    quantity: int
    agreed_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants for a member."""

    member_id: UUID
    pickup_point_id: UUID
    lines: Sequence[Wanted]
    campaign_id: UUID | None
    coupon_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is on offer of a SKU. `campaign_price_minor` None: not in the campaign asked for."""

    price_minor: int
    tracked: bool
    campaign_price_minor: int | None = None
    capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line with its share of the order's discount."""

    sku_id: UUID
    quantity: int
    unit_price_minor: int | None
    amount_minor: int
    discount_minor: int
    takes_stock: bool
    takes_cap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an order costs now."""

    lines: Sequence[PricedLine]
    currency: str
    coupon_id: UUID | None

    @property
    def items_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def discount_minor(self) -> int:
        return sum(line.discount_minor for line in self.lines)

    @property
    def payable_minor(self) -> int:
        return self.items_minor - self.discount_minor


def price_order(
    wanted: Sequence[Wanted],
    offers: Mapping[UUID, Offer],
    *,
    campaign: CampaignTerms | None,
    coupon: CouponTerms | None,
    currency: str,
    now: datetime,
) -> Quote:
    """Amounts at campaign, list or agreed price; then one coupon, shared over the lines to the last unit.

    Raises SkuUnknown, SkuNotInCampaign, CampaignNotOpen, CouponNotApplicable, OrderTooLarge.
    """
    if campaign is not None:
        require_open(campaign, now=now)
    priced = [_price_line(line, offers, campaign) for line in wanted]
    if sum(amount for amount, _ in priced) > LARGEST_ORDER_MINOR:
        raise OrderTooLarge(f"lines: an order costs at most {LARGEST_ORDER_MINOR}; make several")
    discounts = [0] * len(priced)
    if coupon is not None:
        eligible = [0 if campaign is not None and not campaign.coupons_allowed else amount for amount, _ in priced]
        discounts = share(discount_of(coupon, eligible_minor=sum(eligible), currency=currency, now=now), eligible)
    return Quote(
        lines=[
            PricedLine(
                sku_id=line.sku_id,
                quantity=line.quantity,
                unit_price_minor=unit_price,
                amount_minor=amount,
                discount_minor=discount,
                takes_stock=offers[line.sku_id].tracked,
                takes_cap=campaign is not None and offers[line.sku_id].capped,
            )
            for line, (amount, unit_price), discount in zip(wanted, priced, discounts, strict=True)
        ],
        currency=currency,
        coupon_id=coupon.coupon_id if coupon is not None else None,
    )


def _price_line(line: Wanted, offers: Mapping[UUID, Offer], campaign: CampaignTerms | None) -> tuple[int, int | None]:
    """The line's amount and, unless the amount was agreed, its unit price."""
    offer = offers.get(line.sku_id)
    if offer is None:
        raise SkuUnknown(f"lines: {line.sku_id} is not sold here")
    unit_price = offer.price_minor
    if campaign is not None:
        if offer.campaign_price_minor is None:
            raise SkuNotInCampaign(f"lines: {line.sku_id} is not in this campaign")
        unit_price = offer.campaign_price_minor
    if line.agreed_minor is not None:
        return line.agreed_minor, None
    return unit_price * line.quantity, unit_price
