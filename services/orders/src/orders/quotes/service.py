"""Quotes 報價: what an order costs now."""

from uuid import UUID

from common.db import Database, UnitOfWork
from orders.errors import CampaignUnknown, CouponUnknown, PickupPointUnknown
from orders.quotes import repository
from orders.quotes.domain import Quote, Wanted, Wish, price_order
from orders.quotes.schemas import QuotedLine, QuoteRequest, QuoteView


async def make_quote(reader: Database | UnitOfWork, wish: Wish, *, currency: str) -> Quote:
    """What the wish costs now. In a unit of work: at which it can be placed."""
    now = reader.now if isinstance(reader, UnitOfWork) else reader.clock.now()
    found = await repository.read_offers(reader, wish)
    if not found.point:
        raise PickupPointUnknown("pickup_point_id: there is no such pick-up point, or it takes no orders")
    if wish.campaign_id is not None and found.campaign is None:
        raise CampaignUnknown("campaign_id: there is no such campaign")
    if wish.coupon_id is not None and found.coupon is None:
        raise CouponUnknown("coupon_id: the member has no such coupon")
    return price_order(
        wish.lines, found.offers, campaign=found.campaign, coupon=found.coupon, currency=currency, now=now
    )


def wish_of(body: QuoteRequest, member_id: UUID) -> Wish:
    return Wish(
        member_id=member_id,
        pickup_point_id=body.pickup_point_id,
        campaign_id=body.campaign_id,
        coupon_id=body.coupon_id,
        lines=[Wanted(sku_id=line.sku_id, quantity=line.quantity) for line in body.lines],
    )


def quote_view(quote: Quote) -> QuoteView:
    return QuoteView(
        lines=[
            QuotedLine(
                sku_id=line.sku_id,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                amount_minor=line.amount_minor,
                discount_minor=line.discount_minor,
            )
            for line in quote.lines
        ],
        currency=quote.currency,
        items_minor=quote.items_minor,
        discount_minor=quote.discount_minor,
        payable_minor=quote.payable_minor,
        coupon_id=quote.coupon_id,
    )
