"""Races for coupons, each on a connection of its own."""

from functools import partial
from uuid import UUID

import pytest

from common.contracts.members import CouponRecalled
from common.contracts.orders import CouponRetained, CouponRevoked
from common.ids import new_id
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import received
from factories.orders import Shop
from orders.coupons import service
from orders.errors import CouponNotApplicable
from orders.placement.repository import NewOrder

pytestmark = pytest.mark.integration


async def recall_of(orders: RunningService, coupon: str) -> CouponRecalled:
    row = await orders.db.fetchrow("SELECT * FROM coupon WHERE id = $1", UUID(coupon))
    assert row is not None
    return CouponRecalled(
        coupon_id=row["id"], **{name: row[name] for name in CouponRecalled.__struct_fields__ if name != "coupon_id"}
    )


async def test_a_coupon_is_spent_or_taken_back_never_both(shop: Shop, orders: RunningService) -> None:
    sku = await shop.sku(stock=100)
    everybody = [new_id() for _ in range(10)]
    coupons = [await shop.coupon(member) for member in everybody]
    wishes = [await shop.wish((sku, 1), coupon_id=coupon) for coupon in coupons]
    recalls = [received(await recall_of(orders, coupon)) for coupon in coupons]
    results = await race(
        orders.db,
        *(shop.placing(member, wish) for member, wish in zip(everybody, wishes, strict=True)),
        *(partial(service.recall, asked=[one, one]) for one in recalls),
    )

    placed = {result.coupon_id for result in results[:10] if isinstance(result, NewOrder)}
    assert all(isinstance(result, NewOrder | CouponNotApplicable) for result in results[:10])
    assert results[10:] == [None] * 10
    kept, revoked = await orders.events(CouponRetained), await orders.events(CouponRevoked)
    assert {event.coupon_id for event in kept} == placed
    assert {event.coupon_id for event in revoked} == {UUID(coupon) for coupon in coupons} - placed
    assert len(kept) + len(revoked) == 20
