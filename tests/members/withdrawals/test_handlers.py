from datetime import UTC, datetime
from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.contracts.envelope import decode
from common.contracts.lifecycle import ActionRequested, GrantPoints, IssueCoupon, SendMessage
from common.contracts.members import (
    CouponIssued,
    CouponRecalled,
    PointsEarned,
    PointsReversed,
    RewardGranted,
    RewardKind,
    RewardRefused,
    RewardRetained,
    RewardWithdrawn,
)
from common.contracts.orders import CouponRetained, CouponRevoked
from common.testing.services import RunningService
from factories.members import adjust, make_member, requested, withdrawn

pytestmark = pytest.mark.integration

COUPON, POINTS = IssueCoupon(template="newcomer_3"), GrantPoints(points=9, reason="thanks")


async def issued(members: RunningService) -> tuple[ActionRequested, CouponIssued]:
    asked = requested(COUPON, member_id=await make_member(members))
    await members.receive(asked)
    [coupon] = await members.events(CouponIssued)
    return asked, coupon


def revoked(coupon: CouponIssued) -> CouponRevoked:
    return CouponRevoked(coupon_id=coupon.coupon_id, member_id=coupon.member_id, revoked_at=datetime.now(UTC))


async def balance(members: RunningService) -> int:
    return int(await members.db.fetchval("SELECT sum(balance) FROM points_balance") or 0)


@pytest.mark.parametrize(("action", "kind"), [(COUPON, "coupon"), (POINTS, "points")])
async def test_what_was_withdrawn_first_is_never_given(
    members: RunningService, action: IssueCoupon | GrantPoints, kind: RewardKind
) -> None:
    asked = requested(action, member_id=await make_member(members))
    await members.receive(withdrawn(asked), asked, withdrawn(asked), asked)

    refused = await members.events(RewardRefused)
    assert len(refused) == 4
    assert set(refused) == {
        RewardRefused(action_id=asked.action_id, member_id=asked.member_id, kind=kind, reason="withdrawn")
    }
    assert not [*await members.events(CouponIssued), *await members.events(PointsEarned)]


async def test_an_action_that_waits_among_dead_letters_is_not_overtaken(members: RunningService) -> None:
    """Its withdrawal waits behind it; whichever an operator settles how, nothing is left in the member's hands."""
    member_id = await make_member(members)
    asked = requested(IssueCoupon(template="a\0b"), member_id=member_id)
    await members.receive(asked, withdrawn(asked))
    letters = [row["id"] for row in await members.db.fetch("SELECT id FROM dead_letter ORDER BY id")]
    assert len(letters) == 2
    headers = members.headers(Role.OPERATOR, key="new")
    for letter, verb in zip(letters, ("discard", "replay"), strict=True):
        answer = await members.client.post(f"/members/v1/dead-letters/{letter}/{verb}", headers=headers)
        assert answer.status_code < 300, answer.text

    assert [refused.reason for refused in await members.events(RewardRefused)] == ["withdrawn"]


async def test_a_refusal_stays_what_it_was(members: RunningService) -> None:
    asked = requested(IssueCoupon(template="no_such"), member_id=await make_member(members))
    await members.receive(asked, withdrawn(asked))

    assert [refused.reason for refused in await members.events(RewardRefused)] == ["unknown_template"] * 2


async def test_points_are_taken_back_by_their_inverse_once(members: RunningService) -> None:
    asked = requested(POINTS, member_id=await make_member(members))
    await members.receive(asked, withdrawn(asked), withdrawn(asked))

    [inverse] = await members.events(PointsReversed)
    assert (inverse.points, inverse.balance) == (9, 0)
    told = await members.events(RewardWithdrawn)
    assert len(told) == 2
    assert set(told) == {told[0]}
    assert (told[0].action_id, told[0].kind) == (asked.action_id, "points")


async def test_points_that_the_balance_does_not_cover_stay_for_good(members: RunningService) -> None:
    asked = requested(POINTS, member_id=await make_member(members))
    await members.receive(asked)
    await adjust(members, asked.member_id, -1)
    await members.receive(withdrawn(asked))
    await adjust(members, asked.member_id, 100)
    await members.receive(withdrawn(asked))

    assert [told.reason for told in await members.events(RewardRetained)] == ["spent"] * 2
    assert await balance(members) == 108


async def test_points_that_an_operator_took_back_before_are_withdrawn(members: RunningService) -> None:
    asked = requested(POINTS, member_id=await make_member(members))
    await members.receive(asked)
    [granted] = await members.events(RewardGranted)
    path = f"/members/v1/members/{asked.member_id}/points/entries/{granted.entry_id}/reversal"
    headers = members.headers(Role.OPERATOR, key="new")
    assert (await members.client.post(path, headers=headers)).status_code == 201
    await members.receive(withdrawn(asked))

    assert len(await members.events(RewardWithdrawn)) == 1
    assert len(await members.events(PointsReversed)) == 1


async def test_of_several_rewards_of_one_member_as_many_are_taken_back_as_the_balance_covers(
    members: RunningService,
) -> None:
    member_id = await make_member(members)
    asked = [requested(POINTS, member_id=member_id) for _ in range(3)]
    await members.receive(*asked)
    await adjust(members, member_id, -10)
    await members.receive(*map(withdrawn, asked))

    assert len(await members.events(RewardWithdrawn)) == 1
    assert len(await members.events(RewardRetained)) == 2
    assert await balance(members) == 8


async def test_orders_are_asked_once_whether_a_coupon_is_spent(members: RunningService) -> None:
    asked, coupon = await issued(members)
    await members.receive(withdrawn(asked), withdrawn(asked))

    [recalled] = await members.events(CouponRecalled)
    assert (recalled.coupon_id, recalled.expires_at, recalled.value_minor) == (
        coupon.coupon_id,
        coupon.expires_at,
        coupon.value_minor,
    )
    assert not [*await members.events(RewardWithdrawn), *await members.events(RewardRetained)]


async def test_a_coupon_that_orders_revoked_is_withdrawn_and_shown_so(members: RunningService) -> None:
    asked, coupon = await issued(members)
    await members.receive(withdrawn(asked), revoked(coupon), revoked(coupon))
    await members.receive(withdrawn(asked))

    told = await members.events(RewardWithdrawn)
    assert len(told) == 2
    assert set(told) == {told[0]}
    listed = await members.client.get(
        "/members/v1/members/me/coupons", headers=members.headers(member_id=asked.member_id)
    )
    assert [one["status"] for one in listed.json()["items"]] == ["revoked"]


@pytest.mark.parametrize("reason", ["spent", "expired"])
async def test_a_coupon_that_orders_retain_stays_and_the_first_answer_stays(
    members: RunningService, reason: str
) -> None:
    asked, coupon = await issued(members)
    kept = CouponRetained(coupon_id=coupon.coupon_id, member_id=coupon.member_id, reason=reason)  # type: ignore[arg-type]  # one of two
    await members.receive(withdrawn(asked), kept, kept)
    await members.receive(withdrawn(asked))

    assert [told.reason for told in await members.events(RewardRetained)] == [reason] * 2
    assert not await members.events(RewardWithdrawn)


async def test_an_answer_that_nobody_asked_for_is_followed_and_told_to_nobody(members: RunningService) -> None:
    _, coupon = await issued(members)
    await members.receive(revoked(coupon))

    assert await members.db.fetchval("SELECT status FROM coupon") == "revoked"
    assert not await members.events(RewardWithdrawn)


async def test_what_is_engagements_is_left_to_it(members: RunningService) -> None:
    asked = requested(SendMessage(template="hello", channel="inbox"), member_id=uuid4())
    await members.receive(withdrawn(asked))

    assert await members.db.fetchval("SELECT count(*) FROM reward") == 0


async def test_what_became_of_it_is_told_as_caused_by_what_settled_it(members: RunningService) -> None:
    asked, coupon = await issued(members)
    await members.receive(withdrawn(asked), revoked(coupon))

    rows = await members.db.fetch("SELECT envelope FROM outbox ORDER BY generation, id DESC")
    told = {type(event): envelope for envelope, event in (decode(row["envelope"]) for row in rows)}
    causes = [
        await members.producers[producer].fetchval("SELECT event_id FROM outbox WHERE type = $1", kind.type_name())
        for producer, kind in (("lifecycle", type(withdrawn(asked))), ("orders", CouponRevoked))
    ]
    assert [told[CouponRecalled].causationid, told[RewardWithdrawn].causationid] == causes
    metrics = (await members.client.get("/members/metrics")).text
    assert 'members_withdrawals_total{outcome="withdrawn"} 1.0' in metrics
