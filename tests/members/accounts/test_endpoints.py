import asyncio
from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.contracts.members import MemberRegistered
from common.testing.services import RunningService
from factories.members import make_member

pytestmark = pytest.mark.integration


async def test_registering_a_person_makes_a_member_and_tells_it(members: RunningService) -> None:
    answer = await members.client.post(
        "/members/v1/members", json={"channel": "assisted"}, headers=members.headers(Role.OPERATOR, key="new")
    )

    assert answer.status_code == 201, answer.text
    member = answer.json()
    assert member["channel"] == "assisted"
    assert member["roles"] == ["member"]
    [event] = await members.events(MemberRegistered)
    assert str(event.member_id) == member["id"]
    assert event.channel == "assisted"


async def test_the_same_external_id_gives_the_same_member(members: RunningService) -> None:
    body = {"channel": "assisted", "external_id": "household-1"}
    answers = [
        await members.client.post("/members/v1/members", json=body, headers=members.headers(Role.OPERATOR, key="new"))
        for _ in range(2)
    ]

    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(await members.events(MemberRegistered)) == 1


async def test_a_repeated_key_gives_the_stored_answer_and_another_request_under_it_is_refused(
    members: RunningService,
) -> None:
    headers = members.headers(Role.OPERATOR, key="once")
    first = await members.client.post("/members/v1/members", json={"channel": "a"}, headers=headers)
    again = await members.client.post("/members/v1/members", json={"channel": "a"}, headers=headers)
    other = await members.client.post("/members/v1/members", json={"channel": "b"}, headers=headers)

    assert again.content == first.content
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_an_unknown_referrer_is_refused(members: RunningService) -> None:
    answer = await members.client.post(
        "/members/v1/members", json={"referrer_id": str(uuid4())}, headers=members.headers(Role.OPERATOR, key="new")
    )

    assert answer.status_code == 422
    assert answer.json()["code"] == "referrer_unknown"


async def test_only_an_operator_may_register_others(members: RunningService) -> None:
    answer = await members.client.post("/members/v1/members", json={}, headers=members.headers(key="new"))

    assert answer.status_code == 403


async def test_one_external_id_registered_by_twelve_at_once_is_one_member(members: RunningService) -> None:
    body = {"external_id": "household-1"}
    answers = await asyncio.gather(
        *(
            members.client.post("/members/v1/members", json=body, headers=members.headers(Role.OPERATOR, key="new"))
            for _ in range(12)
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await members.events(MemberRegistered)) == 1


async def test_a_member_sees_themselves(members: RunningService) -> None:
    member_id = await make_member(members)
    answer = await members.client.get("/members/v1/members/me", headers=members.headers(member_id=member_id))

    assert answer.json()["id"] == str(member_id)
    assert (await members.client.get("/members/v1/members/me", headers=members.headers())).status_code == 404
