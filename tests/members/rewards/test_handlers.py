from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from common.contracts.lifecycle import GrantPoints, IssueCoupon, SendMessage
from common.contracts.members import CouponIssued, PointsEarned, RewardGranted, RewardRefused
from common.testing.services import RunningService
from factories.members import make_member, make_template, requested

pytestmark = pytest.mark.integration


async def test_a_coupon_that_is_asked_for_is_issued_and_told(members: RunningService) -> None:
    member_id = await make_member(members)
    asked = requested(IssueCoupon(template="newcomer_3"), member_id=member_id)
    await members.receive(asked)

    [issued] = await members.events(CouponIssued)
    assert issued.member_id == member_id
    assert issued.value_minor == 300
    assert issued.currency == "CNY"
    assert issued.source == "action"
    [granted] = await members.events(RewardGranted)
    assert granted.action_id == asked.action_id
    assert granted.coupon_id == issued.coupon_id


async def test_points_that_are_asked_for_are_in_the_ledger(members: RunningService) -> None:
    member_id = await make_member(members)
    await members.receive(
        requested(GrantPoints(points=5, reason="thanks"), member_id=member_id),
        requested(GrantPoints(points=7, reason="thanks"), member_id=member_id),
    )

    assert [(event.points, event.balance) for event in await members.events(PointsEarned)] == [(5, 5), (7, 12)]
    assert {granted.kind for granted in await members.events(RewardGranted)} == {"points"}


async def test_an_action_asked_for_again_is_told_again_and_not_done_again(members: RunningService) -> None:
    member_id = await make_member(members)
    asked = requested(IssueCoupon(template="newcomer_3"), member_id=member_id)
    await members.receive(asked, asked)
    await members.receive(asked)

    assert len(await members.events(CouponIssued)) == 1
    granted = await members.events(RewardGranted)
    assert len(granted) == 3
    assert len(set(granted)) == 1


async def test_refusals_are_told_and_stop_nobody_else(members: RunningService) -> None:
    await make_template(members, "rare", supply=1)
    await make_template(members, "paused")
    member_id, other = await make_member(members), await make_member(members)
    late = datetime.now(UTC) - timedelta(seconds=1)
    await members.receive(
        requested(IssueCoupon(template="newcomer_3"), member_id=member_id, valid_until=late),
        requested(IssueCoupon(template="no_such"), member_id=member_id),
        requested(IssueCoupon(template="newcomer_3"), member_id=uuid4()),
        requested(IssueCoupon(template="rare"), member_id=member_id),
        requested(IssueCoupon(template="rare"), member_id=other),
        requested(IssueCoupon(template="newcomer_3"), member_id=other),
        requested(IssueCoupon(template="newcomer_3"), member_id=other),
    )

    reasons = [refused.reason for refused in await members.events(RewardRefused)]
    assert reasons == ["expired", "unknown_template", "unknown_member", "supply_exhausted", "member_limit"]
    assert len(await members.events(CouponIssued)) == 2


async def test_messages_are_left_to_engagement(members: RunningService) -> None:
    await members.receive(
        requested(SendMessage(template="hello", channel="inbox"), member_id=await make_member(members))
    )

    assert not await members.events(RewardRefused)
