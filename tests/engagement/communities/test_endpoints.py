from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.engagement import CommunityJoined, CommunityLeft
from common.testing.services import RunningService
from factories.engagement import make_community

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/communities"


async def join(engagement: RunningService, community_id: UUID, member_id: UUID) -> httpx2.Response:
    return await engagement.client.put(
        f"{PATH}/{community_id}/members/me", headers=engagement.headers(member_id=member_id)
    )


async def leave(engagement: RunningService, community_id: UUID, member_id: UUID) -> httpx2.Response:
    return await engagement.client.delete(
        f"{PATH}/{community_id}/members/me", headers=engagement.headers(member_id=member_id)
    )


async def change(engagement: RunningService, community_id: UUID, **changes: Any) -> httpx2.Response:
    return await engagement.client.patch(
        f"{PATH}/{community_id}", json=changes, headers=engagement.headers(Role.OPERATOR)
    )


async def test_a_community_is_opened_once_for_each_code(engagement: RunningService) -> None:
    body = {"code": "store-1", "name": " 花園社區 ", "pickup_point_code": "store-1"}
    headers = engagement.headers(Role.OPERATOR, key="once")
    answers = [await engagement.client.post(PATH, json=body, headers=headers) for _ in range(2)]
    again = await engagement.client.post(PATH, json=body, headers=engagement.headers(Role.OPERATOR, key="new"))

    assert answers[0].status_code == 201, answers[0].text
    assert answers[0].content == answers[1].content
    assert answers[0].json()["name"] == "花園社區"
    assert (again.status_code, again.json()["code"]) == (409, "community_exists")


async def test_joining_and_leaving_are_told_once_each(engagement: RunningService) -> None:
    garden, member_id = await make_community(engagement), uuid4()
    for _ in range(2):
        assert (await join(engagement, garden, member_id)).json()["members"] == 1
    for _ in range(2):
        assert (await leave(engagement, garden, member_id)).status_code == 204
    await join(engagement, garden, member_id)

    joined = await engagement.events(CommunityJoined)
    assert [(event.community_id, event.member_id) for event in joined] == [(garden, member_id)] * 2
    assert len(await engagement.events(CommunityLeft)) == 1


async def test_an_operator_lets_others_join_and_leave(engagement: RunningService) -> None:
    garden, member_id = await make_community(engagement), uuid4()
    path = f"{PATH}/{garden}/members/{member_id}"
    headers = engagement.headers(Role.OPERATOR)

    assert (await engagement.client.put(path, headers=headers)).json()["members"] == 1
    assert (await engagement.client.delete(path, headers=headers)).status_code == 204
    assert [event.member_id for event in await engagement.events(CommunityLeft)] == [member_id]


async def test_a_closed_community_keeps_its_members_and_takes_no_new_ones(engagement: RunningService) -> None:
    garden, inside = await make_community(engagement), uuid4()
    await join(engagement, garden, inside)
    assert (await change(engagement, garden, state="closed")).json()["state"] == "closed"

    assert (await join(engagement, garden, inside)).status_code == 200
    refused = await join(engagement, garden, uuid4())
    assert (refused.status_code, refused.json()["code"]) == (409, "community_closed")


async def test_what_is_not_there_is_not_found(engagement: RunningService) -> None:
    nowhere, member_id = uuid4(), uuid4()
    answers = [
        await join(engagement, nowhere, member_id),
        await leave(engagement, nowhere, member_id),
        await change(engagement, nowhere, name="x"),
        await engagement.client.get(f"{PATH}/{nowhere}", headers=engagement.headers()),
        await engagement.client.get(f"{PATH}/{nowhere}/members", headers=engagement.headers(Role.OPERATOR)),
        await engagement.client.get(f"{PATH}/{nowhere}/messages", headers=engagement.headers(Role.OPERATOR)),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "community_not_found")}


async def test_leaders_see_the_members_of_their_own_community_only(engagement: RunningService) -> None:
    leader = uuid4()
    led = await make_community(engagement, "led", leader_id=str(leader))
    other = await make_community(engagement, "other", leader_id=str(uuid4()))
    inside = sorted([uuid4() for _ in range(3)])
    for member_id in inside:
        await join(engagement, led, member_id)
    headers = engagement.headers(Role.LEADER, member_id=leader)
    listed = await engagement.client.get(f"{PATH}/{led}/members", headers=headers)
    foreign = await engagement.client.get(f"{PATH}/{other}/members", headers=headers)
    everything = await engagement.client.get(f"{PATH}/{other}/members", headers=engagement.headers(Role.OPERATOR))

    assert [one["member_id"] for one in listed.json()["items"]] == [str(member_id) for member_id in inside]
    assert (foreign.status_code, foreign.json()["code"]) == (404, "community_not_found")
    assert everything.json()["items"] == []


async def test_communities_are_found_by_code_and_by_point(engagement: RunningService) -> None:
    for code, point in (("a", "east"), ("b", "east"), ("c", None)):
        await make_community(engagement, code, pickup_point_code=point)

    async def codes(**query: Any) -> list[str]:
        answer = await engagement.client.get(PATH, params=query, headers=engagement.headers())
        return [one["code"] for one in answer.json()["items"]]

    assert await codes() == ["a", "b", "c"]
    assert await codes(code="b") == ["b"]
    assert await codes(pickup_point_code="east") == ["a", "b"]
    assert await codes(code="none") == []


async def test_a_member_sees_the_communities_they_are_in(engagement: RunningService) -> None:
    member_id = uuid4()
    garden, river = await make_community(engagement), await make_community(engagement, "river")
    for community_id in (garden, river):
        await join(engagement, community_id, member_id)
    await leave(engagement, river, member_id)
    answer = await engagement.client.get(
        "/engagement/v1/members/me/communities", headers=engagement.headers(member_id=member_id)
    )

    assert [one["id"] for one in answer.json()["items"]] == [str(garden)]


async def test_what_is_named_changes_and_the_rest_stays(engagement: RunningService) -> None:
    garden = await make_community(engagement, pickup_point_code="east")
    renamed = (await change(engagement, garden, name="河畔")).json()
    freed = (await change(engagement, garden, pickup_point_code=None)).json()

    assert (renamed["name"], renamed["pickup_point_code"]) == ("河畔", "east")
    assert (freed["name"], freed["pickup_point_code"]) == ("河畔", None)


async def test_wrong_bodies_are_refused(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    for changes in ({"name": ""}, {"name": None}, {"state": "burning"}, {"code": "new"}, {"leader_id": "ann"}):
        assert (await change(engagement, garden, **changes)).status_code == 422, changes
    for query in ({"code": "a\0b"}, {"pickup_point_code": "?"}, {"limit": 0}, {"limit": 201}, {"cursor": "x"}):
        answer = await engagement.client.get(PATH, params=query, headers=engagement.headers())
        assert answer.status_code == 422, query
