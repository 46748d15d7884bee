from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from common.auth.principal import Role
from common.contracts.envelope import decode
from common.contracts.lifecycle import ActionRequested, GrantPoints, IssueCoupon, SendMessage
from common.contracts.members import CouponIssued, PointsEarned, RewardGranted, RewardRefused
from common.testing.services import RunningService
from factories.members import consent, make_member, make_template, received, requested
from members.rewards.handlers import on_action_requested

pytestmark = pytest.mark.integration


async def change_state(members: RunningService, template: str, state: str) -> None:
    answer = await members.client.patch(
        f"/members/v1/coupon-templates/{template}", json={"state": state}, headers=members.headers(Role.OPERATOR)
    )
    assert answer.status_code == 200, answer.text


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


@pytest.mark.parametrize("state", ["paused", "ended"])
async def test_a_coupon_of_a_template_that_was_removed_since_is_refused_for_good(
    members: RunningService, state: str
) -> None:
    """The policy still names it: whoever was asked for before has theirs, the others are told why not, each time the same."""
    await make_template(members, "spring")
    early, late = [requested(IssueCoupon(template="spring"), member_id=await make_member(members)) for _ in range(2)]
    await members.receive(early)
    await change_state(members, "spring", state)
    await members.receive(late, early, requested(GrantPoints(points=5, reason="thanks"), member_id=late.member_id))
    if state == "paused":
        await change_state(members, "spring", "active")
    await members.receive(late)

    refused = await members.events(RewardRefused)
    assert [(each.action_id, each.reason) for each in refused] == [(late.action_id, "template_inactive")] * 2
    assert [each.member_id for each in await members.events(CouponIssued)] == [early.member_id]
    assert [each.action_id for each in await members.events(RewardGranted) if each.kind == "coupon"] == [
        early.action_id,
        early.action_id,
    ]
    assert [each.member_id for each in await members.events(PointsEarned)] == [late.member_id], "nobody else is held up"
    assert await members.db.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_a_reward_that_needs_consent_is_given_while_the_member_consents(members: RunningService) -> None:
    member_id = await make_member(members)
    for given in (None, True, False):
        if given is not None:
            await consent(members, member_id, given=given)
        await members.receive(requested(GrantPoints(points=1, reason="thanks"), member_id=member_id, consent="promo"))

    assert len(await members.events(PointsEarned)) == 1
    assert [refused.reason for refused in await members.events(RewardRefused)] == ["no_consent"] * 2


async def test_messages_are_left_to_engagement(members: RunningService) -> None:
    await members.receive(
        requested(SendMessage(template="hello", channel="inbox"), member_id=await make_member(members))
    )

    assert not await members.events(RewardRefused)


async def test_an_absurd_wish_is_set_aside_and_stops_nobody_else(members: RunningService) -> None:
    member_id, other = await make_member(members), await make_member(members)
    await members.receive(
        requested(GrantPoints(points=2**70, reason="thanks"), member_id=member_id),
        requested(IssueCoupon(template="a\0b"), member_id=member_id),
        requested(GrantPoints(points=5, reason="thanks"), member_id=other),
        requested(GrantPoints(points=0, reason="thanks"), member_id=other),
    )

    assert [(event.member_id, event.points) for event in await members.events(PointsEarned)] == [(other, 5), (other, 0)]
    letters = await members.db.fetch("SELECT reason FROM dead_letter ORDER BY id")
    assert [letter["reason"] for letter in letters] == ["poison", "behind"]
    assert await members.db.fetchval("SELECT count(*) FROM reward") == 2


async def test_a_reward_is_told_as_caused_by_what_asked_for_it(members: RunningService) -> None:
    asked = requested(IssueCoupon(template="newcomer_3"), member_id=await make_member(members))
    await members.receive(asked)

    rows = await members.db.fetch("SELECT envelope FROM outbox ORDER BY generation, id")
    told = [decode(row["envelope"])[0] for row in rows if b"action_id" in row["envelope"]]
    log = members.producers["lifecycle"]
    cause = await log.fetchval("SELECT event_id FROM outbox WHERE type = $1", asked.type_name())
    assert [envelope.causationid for envelope in told] == [cause, cause]


async def test_a_stored_outcome_is_told_also_when_it_could_not_be_given_any_more(members: RunningService) -> None:
    await make_template(members, "rare", supply=1)
    member_id = await make_member(members)
    asked = requested(IssueCoupon(template="rare"), member_id=member_id)
    await members.receive(asked)
    await change_state(members, "rare", "ended")
    await members.receive(replace(asked, valid_until=datetime.now(UTC) - timedelta(days=1)))

    assert len(await members.events(RewardGranted)) == 2
    assert not await members.events(RewardRefused)


async def handle_in_vain(members: RunningService, asked: ActionRequested) -> None:
    async with members.db.transaction() as uow:
        await on_action_requested(uow, [received(asked)])
        raise ZeroDivisionError


async def test_what_was_done_is_counted_once_it_is_committed(members: RunningService) -> None:
    member_id = await make_member(members)
    asked = requested(GrantPoints(points=5, reason="thanks"), member_id=member_id)
    with pytest.raises(ZeroDivisionError):
        await handle_in_vain(members, asked)
    coupon = requested(IssueCoupon(template="newcomer_3"), member_id=member_id)
    await members.receive(asked, asked, coupon, requested(IssueCoupon(template="no_such"), member_id=member_id))

    metrics = (await members.client.get("/members/metrics")).text
    assert "members_registered_total 1.0" in metrics
    assert 'members_points_total{kind="earn"} 5.0' in metrics
    assert 'members_coupons_issued_total{source="action",template="newcomer_3"} 1.0' in metrics
    assert 'members_rewards_total{kind="points",outcome="granted"} 1.0' in metrics
    assert 'members_rewards_total{kind="coupon",outcome="unknown_template"} 1.0' in metrics
