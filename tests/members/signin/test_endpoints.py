import asyncio

import pytest

from common.contracts.members import MemberRegistered
from common.testing.services import RunningService

pytestmark = pytest.mark.integration


async def test_the_first_sign_in_makes_a_member_and_the_next_ones_find_them(members: RunningService) -> None:
    body = {"provider": "development", "proof": "ann", "channel": "wechat"}
    first = (await members.client.post("/members/v1/sessions", json=body)).json()
    again = (await members.client.post("/members/v1/sessions", json=body)).json()

    assert first["member_id"] == again["member_id"]
    [event] = await members.events(MemberRegistered)
    assert event.channel == "wechat"


async def test_two_first_sign_ins_at_once_make_one_member(members: RunningService) -> None:
    body = {"provider": "development", "proof": "ann"}
    answers = await asyncio.gather(*(members.client.post("/members/v1/sessions", json=body) for _ in range(5)))

    assert len(await members.events(MemberRegistered)) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


async def test_an_unknown_provider_is_refused(members: RunningService) -> None:
    answer = await members.client.post("/members/v1/sessions", json={"provider": "none", "proof": "x"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "provider_unknown"
