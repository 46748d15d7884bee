"""Races for rewards, each on a connection of its own."""

from functools import partial

import pytest

from common.contracts.lifecycle import Action, GrantPoints, IssueCoupon
from common.contracts.members import CouponIssued, PointsEarned, RewardGranted
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import make_member, received, requested
from members.rewards import service

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("action", [IssueCoupon(template="back_6"), GrantPoints(points=9, reason="thanks")])
async def test_an_action_carried_out_by_twelve_at_once_is_done_once_and_told_by_each(
    members: RunningService, action: Action
) -> None:
    asked = requested(action, member_id=await make_member(members))
    results = await race(
        members.db, *(partial(service.carry_out, asked=[received(asked), received(asked)]) for _ in range(12))
    )

    assert results == [None] * 12
    assert len([*await members.events(CouponIssued), *await members.events(PointsEarned)]) == 1
    granted = await members.events(RewardGranted)
    assert len(granted) == 24
    assert len(set(granted)) == 1


async def test_batches_that_share_actions_do_not_wait_for_one_another_for_good(members: RunningService) -> None:
    wishes: list[Action] = [
        GrantPoints(points=3, reason="thanks"),
        IssueCoupon(template="back_6"),
        IssueCoupon(template="back_10"),
    ]
    asked = [requested(wish, member_id=await make_member(members)) for _ in range(4) for wish in wishes]
    one_way, other_way = [received(one) for one in asked], [received(one) for one in reversed(asked)]
    results = await race(members.db, *(partial(service.carry_out, asked=one) for one in [one_way, other_way] * 6))

    assert results == [None] * 12
    assert len(await members.events(CouponIssued)) == 8
    assert len(await members.events(PointsEarned)) == 4
    assert len(set(await members.events(RewardGranted))) == 12
