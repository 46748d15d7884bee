from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from common.contracts.orders import CouponExpired, CouponRedeemed, CouponReleased
from common.testing.services import RunningService
from factories.members import give_coupon, make_member, make_template

pytestmark = pytest.mark.integration


def redeemed(coupon_id: UUID, member_id: UUID, order_id: UUID | None = None) -> CouponRedeemed:
    return CouponRedeemed(
        coupon_id=coupon_id, member_id=member_id, order_id=order_id or uuid4(), discount_minor=500, currency="CNY"
    )


def released(coupon_id: UUID, member_id: UUID) -> CouponReleased:
    return CouponReleased(coupon_id=coupon_id, member_id=member_id, order_id=uuid4())


def expired(coupon_id: UUID, member_id: UUID) -> CouponExpired:
    return CouponExpired(coupon_id=coupon_id, member_id=member_id, expired_at=datetime.now(UTC))


async def status(members: RunningService, coupon_id: UUID) -> tuple[str, UUID | None]:
    row = await members.db.fetchrow("SELECT status, order_id FROM coupon WHERE id = $1", coupon_id)
    assert row is not None
    return row["status"], row["order_id"]


async def test_a_coupon_follows_what_orders_do_with_it(members: RunningService) -> None:
    await make_template(members)
    member_id = await make_member(members)
    coupon_id = await give_coupon(members, member_id)
    order_id = uuid4()

    await members.receive(redeemed(coupon_id, member_id, order_id))
    assert await status(members, coupon_id) == ("redeemed", order_id)
    await members.receive(released(coupon_id, member_id))
    assert await status(members, coupon_id) == ("issued", None)
    await members.receive(expired(coupon_id, member_id))
    assert await status(members, coupon_id) == ("expired", None)


async def test_of_one_batch_the_last_word_counts(members: RunningService) -> None:
    await make_template(members, per_member_limit=2)
    member_id = await make_member(members)
    first, second = await give_coupon(members, member_id), await give_coupon(members, member_id)
    order_id = uuid4()
    await members.receive(
        redeemed(first, member_id),
        released(first, member_id),
        redeemed(second, member_id),
        redeemed(first, member_id, order_id),
        released(second, member_id),
        expired(second, member_id),
    )

    assert await status(members, first) == ("redeemed", order_id)
    assert await status(members, second) == ("expired", None)


async def test_coupons_that_are_not_ours_are_logged_and_stop_nobody(members: RunningService) -> None:
    await make_template(members)
    member_id = await make_member(members)
    coupon_id = await give_coupon(members, member_id)
    with capture_logs() as logs:
        await members.receive(redeemed(uuid4(), member_id), redeemed(coupon_id, uuid4()), expired(coupon_id, member_id))

    assert await status(members, coupon_id) == ("expired", None)
    assert [line for line in logs if line["event"] == "coupons spent that were not issued here"]
