"""Races for rewards that are taken back, each on a connection of its own."""

from functools import partial

import pytest

from common.contracts.lifecycle import GrantPoints, IssueCoupon
from common.contracts.members import (
    CouponIssued,
    CouponRecalled,
    PointsEarned,
    PointsReversed,
    RewardGranted,
    RewardRefused,
    RewardRetained,
    RewardWithdrawn,
)
from common.contracts.orders import CouponRevoked
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import make_member, received, requested, withdrawn
from members.errors import PointsInsufficient
from members.points import service as points
from members.rewards import service as rewards
from members.withdrawals import service

pytestmark = pytest.mark.integration

POINTS, COUPON = GrantPoints(points=9, reason="thanks"), IssueCoupon(template="back_6")


async def test_twelve_withdrawals_at_once_reverse_once_and_answer_the_same(members: RunningService) -> None:
    asked = requested(POINTS, member_id=await make_member(members))
    await members.receive(asked)
    results = await race(
        members.db, *[partial(service.withdraw, asked=[received(withdrawn(asked))]) for _ in range(12)]
    )

    assert results == [None] * 12
    assert len(await members.events(PointsReversed)) == 1
    assert len(await members.events(RewardWithdrawn)) == 12
    assert len(set(await members.events(RewardWithdrawn))) == 1


async def test_a_coupon_is_recalled_once_by_twelve_at_once(members: RunningService) -> None:
    asked = requested(COUPON, member_id=await make_member(members))
    await members.receive(asked)
    results = await race(
        members.db, *[partial(service.withdraw, asked=[received(withdrawn(asked))]) for _ in range(12)]
    )

    assert results == [None] * 12
    assert len(await members.events(CouponRecalled)) == 1


async def test_a_coupon_that_was_taken_back_gives_its_place_in_the_supply_back_once(members: RunningService) -> None:
    """Answered ten times at once, while others ask for the last of the supply."""
    wishes = [requested(COUPON, member_id=await make_member(members)) for _ in range(8)]
    await members.receive(wishes[0])
    async with members.db.transaction() as uow:
        await uow.execute("UPDATE coupon_template SET supply = 3 WHERE code = 'back_6'")
    await members.receive(withdrawn(wishes[0]))
    [recalled] = await members.events(CouponRecalled)
    revoked = CouponRevoked(
        coupon_id=recalled.coupon_id, member_id=wishes[0].member_id, revoked_at=members.db.clock.now()
    )
    results = await race(
        members.db,
        *[partial(service.answer, received=[received(revoked)]) for _ in range(10)],
        *[partial(rewards.carry_out, asked=[received(asked)]) for asked in wishes[1:3]],
    )
    assert results == [None] * 12
    await members.receive(*wishes[3:])
    assert await members.db.fetchval("SELECT issued FROM coupon_template WHERE code = 'back_6'") == 3
    statuses = await members.db.fetch("SELECT status FROM coupon WHERE template = 'back_6' ORDER BY status")
    assert [row["status"] for row in statuses] == ["issued"] * 3 + ["revoked"]


@pytest.mark.parametrize("action", [POINTS, COUPON])
async def test_an_action_that_arrives_as_it_is_withdrawn_leaves_nothing_behind(
    members: RunningService, action: GrantPoints | IssueCoupon
) -> None:
    """Either it was given and is taken back (or recalled), or it was refused; never given for good."""
    wishes = [requested(action, member_id=await make_member(members)) for _ in range(6)]
    results = await race(
        members.db,
        *(
            work
            for asked in wishes
            for work in (
                partial(rewards.carry_out, asked=[received(asked)]),
                partial(service.withdraw, asked=[received(withdrawn(asked))]),
            )
        ),
    )

    assert results == [None] * 12
    given = {event.action_id for event in await members.events(RewardGranted)}
    refused = {event.action_id for event in await members.events(RewardRefused)}
    assert given | refused == {asked.action_id for asked in wishes}
    assert not given & refused
    undone = [*await members.events(RewardWithdrawn), *await members.events(CouponRecalled)]
    assert len(undone) == len(given) == len([*await members.events(PointsEarned), *await members.events(CouponIssued)])


async def test_points_are_spent_or_taken_back_never_both(members: RunningService) -> None:
    everybody = [requested(POINTS, member_id=await make_member(members)) for _ in range(6)]
    await members.receive(*everybody)
    results = await race(
        members.db,
        *(
            work
            for asked in everybody
            for work in (
                partial(points.adjust, member_id=asked.member_id, points=-5, reason="exchange", business_id="x"),
                partial(service.withdraw, asked=[received(withdrawn(asked))]),
            )
        ),
    )

    spent = [result for result in results[::2] if not isinstance(result, BaseException)]
    assert all(isinstance(result, PointsInsufficient) for result in results[::2] if isinstance(result, BaseException))
    retained, taken = await members.events(RewardRetained), await members.events(RewardWithdrawn)
    assert len(retained) == len(spent)
    assert len(retained) + len(taken) == 6
    assert await members.db.fetchval("SELECT min(balance) FROM points_balance") >= 0
