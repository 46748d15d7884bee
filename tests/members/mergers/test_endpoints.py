from typing import Any
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.members import MemberMerged, MemberUnmerged
from common.ids import new_id
from common.testing.services import RunningService
from factories.members import make_member

pytestmark = pytest.mark.integration


async def post(members: RunningService, path: str, *, status: int = 201, **body: Any) -> Any:
    answer = await members.client.post(
        f"/members/v1/members/{path}", json=body or None, headers=members.headers(Role.OPERATOR, key="new")
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def identities(members: RunningService, member_id: UUID) -> Any:
    answer = await members.client.get(
        f"/members/v1/members/{member_id}/identities", headers=members.headers(Role.OPERATOR)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_older_account_is_the_root_whichever_is_named_first(members: RunningService) -> None:
    first, second, third = [await make_member(members) for _ in range(3)]
    assert (await post(members, f"{second}/merge", into=str(third)))["root_id"] == str(second)
    assert (await post(members, f"{first}/merge", into=str(second)))["member_id"] == str(second)

    for each in (first, second, third):
        found = await identities(members, each)
        assert found["root_id"] == str(first)
        assert {one["member_id"] for one in found["merged"]} == {str(second), str(third)}
    told = [(event.member_id, event.root_id) for event in await members.events(MemberMerged)]
    assert told == [(third, second), (second, first)]


async def test_a_merger_is_undone(members: RunningService) -> None:
    first, second = await make_member(members), await make_member(members)
    await post(members, f"{second}/merge", into=str(first))
    assert (await post(members, f"{second}/unmerge"))["root_id"] is None
    assert (await identities(members, second))["root_id"] == str(second)
    [told] = await members.events(MemberUnmerged)
    assert (told.member_id, told.root_id) == (second, first)
    await post(members, f"{second}/unmerge", status=409)
    await post(members, f"{second}/merge", into=str(first))


async def test_who_is_another_already_is_not_merged_again(members: RunningService) -> None:
    first, second, third = [await make_member(members) for _ in range(3)]
    await post(members, f"{second}/merge", into=str(first))
    refused = await post(members, f"{third}/merge", status=409, into=str(second))
    assert (refused["code"], refused["current"]) == ("already_merged", {"root_id": str(first)})


async def test_only_two_members_are_merged(members: RunningService) -> None:
    one = await make_member(members)
    assert (await post(members, f"{one}/merge", status=422, into=str(one)))["code"] == "merger_invalid"
    await post(members, f"{one}/merge", status=404, into=str(new_id()))
    await post(members, f"{new_id()}/unmerge", status=404)


async def test_who_changed_it_is_kept(members: RunningService) -> None:
    first, second = await make_member(members), await make_member(members)
    await post(members, f"{second}/merge", into=str(first))
    await post(members, f"{second}/unmerge")
    rows = await members.db.fetch("SELECT change, root_id FROM merger_change ORDER BY at")
    assert [tuple(row) for row in rows] == [("merged", first), ("unmerged", first)]
