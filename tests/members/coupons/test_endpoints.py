from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.members import CouponClaimed, CouponIssued
from common.http.limits import STRICTER
from common.testing.services import RunningService
from factories.members import make_member, make_template

pytestmark = pytest.mark.integration

CLAIMS = "/members/v1/members/me/coupons"


async def claim(
    members: RunningService, *, member_id: UUID, key: str = "new", template: str = "spring"
) -> httpx2.Response:
    return await members.client.post(
        CLAIMS, json={"template": template}, headers=members.headers(member_id=member_id, key=key)
    )


async def test_a_member_claims_what_is_on_offer_and_it_is_told(members: RunningService) -> None:
    await make_template(members, claimable=True)
    member_id = await make_member(members)
    answer = await claim(members, member_id=member_id)

    assert answer.status_code == 201, answer.text
    coupon = answer.json()
    assert (coupon["status"], coupon["source"], coupon["value_minor"]) == ("issued", "claim", 500)
    valid = [datetime.fromisoformat(coupon[name]) for name in ("valid_from", "expires_at")]
    assert valid[1] - valid[0] == timedelta(days=7)
    [issued] = await members.events(CouponIssued)
    assert (str(issued.coupon_id), issued.source, issued.action_id) == (coupon["id"], "claim", None)
    [claimed] = await members.events(CouponClaimed)
    assert claimed.coupon_id == issued.coupon_id


async def test_the_same_request_gives_the_same_coupon(members: RunningService) -> None:
    await make_template(members, claimable=True, per_member_limit=5)
    member_id = await make_member(members)
    answers = [await claim(members, member_id=member_id, key="tap") for _ in range(3)]

    assert len({answer.content for answer in answers}) == 1
    assert len(await members.events(CouponIssued)) == 1


async def test_what_is_not_on_offer_cannot_be_claimed(members: RunningService) -> None:
    await make_template(members, "closed")
    member_id = await make_member(members)

    for template in ("closed", "no_such"):
        answer = await claim(members, member_id=member_id, template=template)
        assert (answer.status_code, answer.json()["code"]) == (404, "offer_not_found")


async def test_what_is_paused_or_sold_out_is_refused_with_its_reason(members: RunningService) -> None:
    await make_template(members, "rare", claimable=True, supply=1)
    await make_template(members, "paused", claimable=True)
    await members.client.patch(
        "/members/v1/coupon-templates/paused", json={"state": "paused"}, headers=members.headers(Role.OPERATOR)
    )
    first, second = await make_member(members), await make_member(members)

    assert (await claim(members, member_id=first, template="rare")).status_code == 201
    assert (await claim(members, member_id=second, template="rare")).json()["code"] == "supply_exhausted"
    assert (await claim(members, member_id=second, template="paused")).json()["code"] == "template_inactive"
    metrics = (await members.client.get("/members/metrics")).text
    assert 'members_coupons_refused_total{reason="supply_exhausted",source="claim"} 1.0' in metrics


async def test_claims_are_limited_by_member_and_not_by_address(members: RunningService) -> None:
    await make_template(members, claimable=True, per_member_limit=100)
    eager, patient = await make_member(members), await make_member(members)
    allowed = 80 // STRICTER  # what a process allows by itself; the rate of 80 holds where Valkey counts
    answers = [await claim(members, member_id=eager) for _ in range(allowed + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {201}
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"]
    assert (await claim(members, member_id=patient)).status_code == 201


async def test_an_operator_gives_a_coupon_that_is_not_on_offer(members: RunningService) -> None:
    await make_template(members)
    member_id = await make_member(members)
    headers = members.headers(Role.OPERATOR, key="once")
    path = f"/members/v1/members/{member_id}/coupons"
    answers = [await members.client.post(path, json={"template": "spring"}, headers=headers) for _ in range(2)]

    assert answers[0].status_code == 201
    assert answers[0].content == answers[1].content
    [issued] = await members.events(CouponIssued)
    assert issued.source == "operator"
    assert not await members.events(CouponClaimed)


async def test_nobody_is_given_a_coupon_who_is_not_there(members: RunningService) -> None:
    await make_template(members, claimable=True)
    path = f"/members/v1/members/{uuid4()}/coupons"
    answer = await members.client.post(
        path, json={"template": "spring"}, headers=members.headers(Role.OPERATOR, key="new")
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
    assert (await members.client.get(path, headers=members.headers(Role.OPERATOR))).status_code == 404
    assert (await claim(members, member_id=uuid4())).status_code == 404


async def test_a_member_sees_their_own_coupons_and_no_others(members: RunningService) -> None:
    await make_template(members, claimable=True, per_member_limit=3)
    ann, bob = await make_member(members), await make_member(members)
    mine = [(await claim(members, member_id=ann)).json()["id"] for _ in range(3)]
    await claim(members, member_id=bob)
    listed = (await members.client.get(CLAIMS, headers=members.headers(member_id=ann))).json()["items"]

    assert [coupon["id"] for coupon in listed] == mine[::-1]
    redeemed = await members.client.get(CLAIMS, params={"status": "redeemed"}, headers=members.headers(member_id=ann))
    assert redeemed.json() == {"items": [], "next_cursor": None}


async def test_a_window_that_has_not_begun_gives_coupons_for_later(members: RunningService) -> None:
    await make_template(
        members, claimable=True, valid_days=None, starts_at="2098-01-01T00:00:00Z", ends_at="2099-01-01T00:00:00Z"
    )
    coupon = (await claim(members, member_id=await make_member(members))).json()

    assert coupon["valid_from"].startswith("2098-01-01")
    assert coupon["expires_at"].startswith("2099-01-01")
