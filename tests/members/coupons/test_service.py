"""Races for coupons, each on a connection of its own."""

import asyncio
from collections import Counter
from functools import partial
from uuid import UUID

import pytest

from common.contracts.members import CouponIssued
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import make_member, make_template
from members.coupons import service
from members.coupons.domain import Refusal
from members.coupons.service import Wish
from members.errors import SupplyExhausted

pytestmark = pytest.mark.integration


async def make_members(members: RunningService, count: int) -> list[UUID]:
    return [await make_member(members) for _ in range(count)]


async def test_twelve_claim_the_last_coupon_and_one_has_it(members: RunningService) -> None:
    await make_template(members, supply=1, claimable=True)
    claimers = await make_members(members, 12)

    results = await race(
        members.db, *(partial(service.claim, member_id=member_id, template="spring") for member_id in claimers)
    )

    winners = [result["member_id"] for result in results if not isinstance(result, BaseException)]
    assert len(winners) == 1
    assert sum(isinstance(result, SupplyExhausted) for result in results) == 11
    assert [event.member_id for event in await members.events(CouponIssued)] == winners
    assert await members.db.fetchval("SELECT issued FROM coupon_template WHERE code = 'spring'") == 1


async def test_a_member_who_taps_twelve_times_has_as_many_as_one_may(members: RunningService) -> None:
    await make_template(members, claimable=True, per_member_limit=2)
    member_id = await make_member(members)
    answers = await asyncio.gather(
        *(
            members.client.post(
                "/members/v1/members/me/coupons",
                json={"template": "spring"},
                headers=members.headers(member_id=member_id, key="new"),
            )
            for _ in range(12)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 10}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"member_limit_reached"}
    slots = await members.db.fetch("SELECT slot FROM coupon WHERE member_id = $1 ORDER BY slot", member_id)
    assert [row["slot"] for row in slots] == [1, 2]


async def test_batches_over_several_templates_do_not_wait_for_one_another(members: RunningService) -> None:
    await make_template(members, "first", supply=30)
    await make_template(members, "second", supply=30)
    everybody = await make_members(members, 6)

    def wishes(codes: list[str]) -> list[Wish]:
        return [Wish(template=code, member_id=one, source="operator") for one in everybody for code in codes]

    one_way, other_way = wishes(["first", "second"]), wishes(["second", "first"])
    results = await race(members.db, *(partial(service.issue, wishes=one) for one in [one_way, other_way] * 6))

    issued = Counter(outcome for result in results if isinstance(result, list) for outcome in result)
    assert not [result for result in results if isinstance(result, BaseException)]
    assert issued[Refusal.MEMBER_LIMIT] == 12 * 12 - 12
    assert len(await members.events(CouponIssued)) == 12
