from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.lifecycle import GrantPoints
from common.contracts.members import MemberErased, RewardRefused
from common.testing.services import RunningService
from factories.members import make_member, requested

pytestmark = pytest.mark.integration

NAME, PHONE, PROOF = "金絲雀乙", "+8613812345679", "canary-who-leaves"


async def sign_in(members: RunningService) -> UUID:
    answer = await members.client.post("/members/v1/sessions", json={"provider": "development", "proof": PROOF})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["member_id"])


async def erase(members: RunningService, member_id: UUID) -> httpx2.Response:
    return await members.client.delete(f"/members/v1/members/{member_id}", headers=members.headers(Role.OPERATOR))


async def test_an_erased_member_is_nobodys_any_more(members: RunningService) -> None:
    member_id = await sign_in(members)
    me = members.headers(member_id=member_id)
    path = "/members/v1/members/me/profile"
    told = await members.client.patch(path, json={"display_name": NAME, "phone": PHONE}, headers=me)
    assert told.status_code == 200
    sealed = [row["sealed"] for row in await members.db.fetch("SELECT sealed FROM member_key")]
    assert (await members.client.delete("/members/v1/members/me", headers=me)).status_code == 204

    assert [event.member_id for event in await members.events(MemberErased)] == [member_id]
    for table in ("member_key", "profile", "identity", "member_role"):
        assert await members.db.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert sealed
    for answer in (
        await members.client.get("/members/v1/members/me", headers=me),
        await members.client.get(path, headers=me),
        await members.client.patch(path, json={"display_name": NAME}, headers=me),
        await members.client.get(f"/members/v1/members/{member_id}", headers=members.headers(Role.OPERATOR)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
    found = await members.client.post(
        "/members/v1/member-lookups", json={"phone": PHONE}, headers=members.headers(Role.OPERATOR)
    )
    assert found.json()["member_ids"] == []
    assert await sign_in(members) != member_id


async def test_nothing_more_is_done_for_who_is_erased(members: RunningService) -> None:
    member_id = await make_member(members)
    assert (await erase(members, member_id)).status_code == 204
    await members.receive(requested(GrantPoints(points=5, reason="thanks"), member_id=member_id))

    assert [refused.reason for refused in await members.events(RewardRefused)] == ["unknown_member"]


async def test_who_is_erased_or_never_was_cannot_be_erased(members: RunningService) -> None:
    member_id = await make_member(members)
    answers = [await erase(members, one) for one in (member_id, member_id, uuid4())]

    assert [answer.status_code for answer in answers] == [204, 404, 404]
    assert len(await members.events(MemberErased)) == 1
