from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import new_id
from orders.campaigns.domain import CampaignTerms
from orders.coupons.domain import CouponTerms
from orders.errors import CampaignNotOpen, CouponNotApplicable, OrderTooLarge, SkuNotInCampaign, SkuUnknown
from orders.quotes.domain import LARGEST_ORDER_MINOR, Offer, Quote, Wanted, price_order

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SKU, OTHER = UUID(int=1), UUID(int=2)
OPEN = CampaignTerms(status="published", opens_at=NOW, closes_at=NOW + timedelta(days=1), coupons_allowed=True)


def a_coupon(value_minor: int, *, minimum_spend_minor: int = 0) -> CouponTerms:
    return CouponTerms(
        coupon_id=new_id(),
        value_minor=value_minor,
        minimum_spend_minor=minimum_spend_minor,
        currency="CNY",
        valid_from=NOW,
        expires_at=NOW + timedelta(days=1),
        status="issued",
    )


def priced(
    *wanted: Wanted,
    offers: dict[UUID, Offer] | None = None,
    campaign: CampaignTerms | None = None,
    coupon: CouponTerms | None = None,
) -> Quote:
    known = {SKU: Offer(price_minor=1000, tracked=True), OTHER: Offer(price_minor=333, tracked=False)}
    return price_order(wanted, offers or known, campaign=campaign, coupon=coupon, currency="CNY", now=NOW)


amounts = st.one_of(st.integers(0, 20), st.integers(0, 10**9))
baskets = st.lists(st.tuples(amounts, st.integers(1, 10_000)), min_size=1, max_size=20)


@given(baskets, amounts.filter(bool), st.booleans())
def test_shares_add_up_and_nothing_becomes_negative(basket: list[tuple[int, int]], value: int, agreed: bool) -> None:
    offers = {UUID(int=n): Offer(price_minor=price, tracked=False) for n, (price, _) in enumerate(basket)}
    wanted = [
        Wanted(sku_id=UUID(int=n), quantity=quantity, agreed_minor=price if agreed else None)
        for n, (price, quantity) in enumerate(basket)
    ]
    items = sum(price if agreed else price * quantity for price, quantity in basket)
    if not items:
        with pytest.raises(CouponNotApplicable):
            priced(*wanted, offers=offers, coupon=a_coupon(value))
        return

    quote = priced(*wanted, offers=offers, coupon=a_coupon(value))

    assert quote.items_minor == items
    assert quote.discount_minor == sum(line.discount_minor for line in quote.lines) == min(value, items)
    assert quote.payable_minor == items - quote.discount_minor >= 0
    assert all(0 <= line.discount_minor <= line.amount_minor for line in quote.lines)


@given(baskets)
def test_without_coupon_nothing_is_taken_off(basket: list[tuple[int, int]]) -> None:
    offers = {UUID(int=n): Offer(price_minor=price, tracked=False) for n, (price, _) in enumerate(basket)}
    quote = priced(
        *(Wanted(sku_id=UUID(int=n), quantity=quantity) for n, (_, quantity) in enumerate(basket)), offers=offers
    )

    assert quote.discount_minor == 0
    assert quote.payable_minor == sum(price * quantity for price, quantity in basket)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=8), st.integers(1, 2000))
def test_a_larger_line_never_gets_a_smaller_share(prices: list[int], value: int) -> None:
    offers = {UUID(int=n): Offer(price_minor=price, tracked=False) for n, price in enumerate(prices)}
    quote = priced(*(Wanted(sku_id=sku, quantity=1) for sku in offers), offers=offers, coupon=a_coupon(value))

    ordered = sorted(quote.lines, key=lambda line: line.amount_minor)
    shares = [line.discount_minor for line in ordered]
    assert all(
        first.amount_minor == second.amount_minor or share <= next_share
        for first, second, share, next_share in zip(ordered, ordered[1:], shares, shares[1:], strict=False)
    )


def test_a_campaign_sells_at_its_own_price_and_counts_its_caps() -> None:
    offers = {SKU: Offer(price_minor=1000, tracked=True, campaign_price_minor=700, capped=True)}
    [line] = priced(Wanted(sku_id=SKU, quantity=3), offers=offers, campaign=OPEN).lines

    assert (line.unit_price_minor, line.amount_minor, line.takes_cap, line.takes_stock) == (700, 2100, True, True)


def test_a_campaign_sells_only_what_is_in_it() -> None:
    with pytest.raises(SkuNotInCampaign):
        priced(Wanted(sku_id=SKU, quantity=1), campaign=OPEN)


@pytest.mark.parametrize(
    "campaign",
    [
        CampaignTerms(status="published", opens_at=NOW - timedelta(days=2), closes_at=NOW, coupons_allowed=True),
        CampaignTerms(
            status="published",
            opens_at=NOW + timedelta(seconds=1),
            closes_at=NOW + timedelta(days=2),
            coupons_allowed=True,
        ),
        CampaignTerms(status="draft", opens_at=NOW, closes_at=NOW + timedelta(days=2), coupons_allowed=True),
        CampaignTerms(status="cancelled", opens_at=NOW, closes_at=NOW + timedelta(days=2), coupons_allowed=True),
    ],
    ids=["closed", "scheduled", "draft", "cancelled"],
)
def test_a_campaign_sells_only_while_it_is_open(campaign: CampaignTerms) -> None:
    offers = {SKU: Offer(price_minor=1000, tracked=True, campaign_price_minor=700)}
    with pytest.raises(CampaignNotOpen):
        priced(Wanted(sku_id=SKU, quantity=1), offers=offers, campaign=campaign)


def test_an_agreed_amount_stands_whatever_the_price() -> None:
    [line] = priced(Wanted(sku_id=SKU, quantity=3, agreed_minor=5)).lines

    assert (line.amount_minor, line.unit_price_minor) == (5, None)


def test_a_coupon_does_not_count_where_the_campaign_says_so() -> None:
    offers = {SKU: Offer(price_minor=1000, tracked=True, campaign_price_minor=700)}
    closed_to_coupons = CampaignTerms(
        status="published", opens_at=NOW, closes_at=NOW + timedelta(days=1), coupons_allowed=False
    )
    with pytest.raises(CouponNotApplicable):
        priced(Wanted(sku_id=SKU, quantity=1), offers=offers, campaign=closed_to_coupons, coupon=a_coupon(100))


def test_an_order_has_a_largest_amount() -> None:
    assert priced(Wanted(sku_id=SKU, quantity=1, agreed_minor=LARGEST_ORDER_MINOR)).items_minor == LARGEST_ORDER_MINOR
    with pytest.raises(OrderTooLarge):
        priced(
            Wanted(sku_id=SKU, quantity=1, agreed_minor=LARGEST_ORDER_MINOR),
            Wanted(sku_id=OTHER, quantity=1, agreed_minor=1),
        )


def test_what_is_not_sold_is_refused() -> None:
    with pytest.raises(SkuUnknown):
        priced(Wanted(sku_id=UUID(int=99), quantity=1))
