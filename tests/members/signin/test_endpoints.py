import asyncio

import pytest

from common.auth.keys import FixedKeys, parse_jwks
from common.auth.principal import Role
from common.auth.tokens import TokenVerifier
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
    answers = await asyncio.gather(*(members.client.post("/members/v1/sessions", json=body) for _ in range(12)))

    assert len(await members.events(MemberRegistered)) == 1
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["member_id"] for answer in answers}) == 1


async def test_an_unknown_provider_is_refused(members: RunningService) -> None:
    answer = await members.client.post("/members/v1/sessions", json={"provider": "none", "proof": "x"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "provider_unknown"


async def test_roles_of_a_provider_are_granted_and_recorded(members: RunningService) -> None:
    body = {"provider": "development", "proof": "bob:operator,leader"}
    for _ in range(2):
        await members.client.post("/members/v1/sessions", json=body)

    record = await members.db.fetch("SELECT role, actor FROM role_change ORDER BY role")
    assert [tuple(row) for row in record] == [
        ("leader", "provider:development"),
        ("operator", "provider:development"),
    ]


async def test_a_proof_that_proves_nothing_is_refused(members: RunningService) -> None:
    for proof in ("", ":operator", "bob:emperor", "a" * 513):
        answer = await members.client.post("/members/v1/sessions", json={"provider": "development", "proof": proof})
        assert answer.status_code in {401, 422}, proof


async def test_a_broken_body_is_refused(members: RunningService) -> None:
    for body in (b'{"provider": "development", "proof": "\\ud800"}', b"{", b"[]", b'{"proof": 1}'):
        answer = await members.client.post(
            "/members/v1/sessions", content=body, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), body


async def test_tokens_are_verified_by_the_keys_that_are_published(members: RunningService) -> None:
    session = (
        await members.client.post("/members/v1/sessions", json={"provider": "development", "proof": "ann"})
    ).json()
    keys = parse_jwks((await members.client.get("/members/v1/jwks")).json())
    verifier = TokenVerifier(keys=FixedKeys(keys), issuer="huitou", audience="huitou")

    principal = await verifier.verify(session["access_token"])
    assert str(principal.id) == session["member_id"]
    assert principal.roles == {Role.MEMBER}
