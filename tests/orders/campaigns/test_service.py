"""Races around a campaign's end, its caps and the stock behind it, each on a connection of its own."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from common.db import UnitOfWork
from common.ids import new_id
from common.testing.races import race
from common.testing.services import RunningService
from factories.orders import Shop
from orders.campaigns import service
from orders.campaigns.schemas import CampaignSkuTerms, CampaignView
from orders.catalogue import service as catalogue
from orders.catalogue.schemas import SkuChange
from orders.errors import CampaignCapReached, CampaignNotOpen, CapBelowPromised, OutOfStock
from orders.placement.repository import NewOrder

pytestmark = pytest.mark.integration

Works = list[Callable[[UnitOfWork], Awaitable[Any]]]


async def test_nobody_joins_once_a_campaign_was_closed(shop: Shop, orders: RunningService) -> None:
    """Also not who began earlier: what is read right after the closing is what will be bought."""
    member, sku = new_id(), await shop.sku()
    campaign = UUID(await shop.campaign((sku, 800, None)))
    wish = await shop.wish((sku, 1), campaign_id=str(campaign))
    async with orders.db.transaction() as early:
        async with orders.db.transaction() as closing:
            closing.now += timedelta(seconds=1)
            closed = await service.close(closing, campaign)
        assert early.now < closed.closes_at
        with pytest.raises(CampaignNotOpen):
            await shop.placing(member, wish)(early)


async def test_what_was_ordered_stands_still_once_the_closing_is_through(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=100)
    campaign = UUID(await shop.campaign((sku, 800, None)))
    wish = await shop.wish((sku, 1), campaign_id=str(campaign))
    ordered = "SELECT coalesce(sum(quantity), 0) FROM orders JOIN order_line ON order_id = id WHERE campaign_id = $1"

    async def close(uow: UnitOfWork) -> int:
        await service.close(uow, campaign)
        counted: int = await uow.fetchval(ordered, campaign)
        return counted

    works: Works = [shop.placing(new_id(), wish) for _ in range(18)]
    works.insert(9, close)
    results = await race(orders.db, *works)

    placed = sum(isinstance(result, NewOrder) for result in results)
    assert Counter(type(result) for result in results) == Counter(
        {NewOrder: placed, CampaignNotOpen: 18 - placed, int: 1}
    )
    assert results[9] == placed == await orders.db.fetchval(ordered, campaign)


async def test_a_cap_is_lowered_before_it_is_promised_or_not_at_all(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku()
    for cap in (0, 3, 10):
        campaign = UUID(await shop.campaign((sku, 800, 12)))
        wish = await shop.wish((sku, 1), campaign_id=str(campaign))
        terms = CampaignSkuTerms(price_minor=800, cap=cap)
        works: Works = [shop.placing(new_id(), wish) for _ in range(16)]
        works.insert(cap, partial(service.put_sku, campaign_id=campaign, sku_id=UUID(sku), terms=terms))
        results = await race(orders.db, *works)

        placed = sum(isinstance(result, NewOrder) for result in results)
        refused = sum(isinstance(result, CampaignCapReached) for result in results)
        changed = results[cap]
        assert isinstance(changed, CampaignView | CapBelowPromised)
        assert placed + refused == 16
        assert placed == (cap if isinstance(changed, CampaignView) else 12)


async def test_stock_that_is_counted_anew_while_it_is_bought_adds_up(shop: Shop, orders: RunningService) -> None:
    """`stock` says what can be bought from then on, whatever was bought before."""
    sku = await shop.sku(stock=30)
    wish = await shop.wish((sku, 1))
    works: Works = [shop.placing(new_id(), wish) for _ in range(16)]
    for stock in (5, 3, 8):
        works.insert(stock, partial(catalogue.change_sku, sku_id=UUID(sku), change=SkuChange(stock=stock)))
    results = await race(orders.db, *works)

    placed = sum(isinstance(result, NewOrder) for result in results)
    left = await shop.stock(sku)
    row = await orders.db.fetchrow("SELECT supplied, reserved FROM sku WHERE id = $1", UUID(sku))
    assert row is not None
    assert (row["reserved"], row["supplied"] - row["reserved"]) == (placed, left)
    assert left is not None
    assert 0 <= left <= 8
    assert placed + sum(isinstance(result, OutOfStock) for result in results) == 16
