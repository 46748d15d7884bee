from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.members import ConsentChanged
from common.testing.services import RunningService
from factories.members import OPERATOR, consent, make_member

pytestmark = pytest.mark.integration


async def read(members: RunningService, path: str, **who: Any) -> httpx2.Response:
    return await members.client.get(f"/members/v1{path}", headers=members.headers(*who.pop("roles", ()), **who))


async def test_what_a_member_says_holds_and_is_told(members: RunningService) -> None:
    member_id = await make_member(members)
    answer = await consent(members, member_id)

    assert answer.status_code == 201, answer.text
    [event] = await members.events(ConsentChanged)
    assert (event.member_id, event.purpose, event.version, event.given) == (member_id, "promo", "v1", True)
    assert (await read(members, "/members/me/consents", member_id=member_id)).json() == [answer.json()]


async def test_the_same_said_again_is_neither_written_nor_told(members: RunningService) -> None:
    member_id = await make_member(members)
    said = [(True, "v1"), (True, "v1"), (True, "v2"), (False, "v2"), (False, "v2"), (False, "v3"), (True, "v3")]
    for given, version in said:
        await consent(members, member_id, given=given, version=version)

    told = [(event.given, event.version) for event in await members.events(ConsentChanged)]
    assert told == [(True, "v1"), (True, "v2"), (False, "v2"), (True, "v3")]
    entries = (await read(members, "/members/me/consents/entries", member_id=member_id)).json()["items"]
    assert [(entry["given"], entry["version"]) for entry in reversed(entries)] == told


async def test_an_operator_notes_what_a_member_said_and_the_ledger_names_who(members: RunningService) -> None:
    member_id = await make_member(members)
    await consent(members, member_id)
    answer = await members.client.post(
        f"/members/v1/members/{member_id}/consents",
        json={"purpose": "promo", "version": "v1", "given": False},
        headers=members.headers(Role.OPERATOR, member_id=OPERATOR, key="new"),
    )

    assert answer.status_code == 201
    path = f"/members/{member_id}/consents"
    assert [one["given"] for one in (await read(members, path, roles=[Role.OPERATOR])).json()] == [False]
    first = (await read(members, f"{path}/entries?limit=1", roles=[Role.OPERATOR])).json()
    rest = (await read(members, f"{path}/entries?cursor={first['next_cursor']}", roles=[Role.OPERATOR])).json()
    assert [UUID(entry["actor_id"]) for entry in first["items"] + rest["items"]] == [OPERATOR, member_id]


async def test_nobody_consents_to_what_nobody_is_asked_for(members: RunningService) -> None:
    member_id = await make_member(members)
    answers = [
        await consent(members, member_id, purpose="spying"),
        await consent(members, member_id, purpose="spying", given=False),
        await consent(members, member_id, version="V 1"),
        await consent(members, uuid4()),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 404]
    assert answers[0].json()["code"] == "purpose_unknown"
    assert not await members.events(ConsentChanged)


async def test_a_yes_can_be_withdrawn_when_its_purpose_is_asked_for_no_more(members: RunningService) -> None:
    member_id = await make_member(members)
    async with members.db.transaction() as uow:
        await uow.execute(
            "INSERT INTO consent_entry VALUES ($1, $2, 'survey', 1, 'v1', true, $2, $3)", uuid4(), member_id, uow.now
        )

    assert (await consent(members, member_id, purpose="survey", given=False)).status_code == 201
    assert (await consent(members, member_id, purpose="survey")).status_code == 422
