import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.members import BirthdayTold, ProfileChanged, TimezoneTold
from common.testing.services import RunningService
from factories.members import make_member

pytestmark = pytest.mark.integration

PATH = "/members/v1/members/me/profile"
ANN = {"display_name": "安安", "phone": "138 0013 8000", "birthday": "1990-02-28", "gender": "female"}


async def tell(members: RunningService, member_id: UUID, **changes: Any) -> httpx2.Response:
    return await members.client.patch(PATH, json=changes, headers=members.headers(member_id=member_id))


async def read(members: RunningService, member_id: UUID) -> dict[str, Any]:
    answer = await members.client.get(PATH, headers=members.headers(member_id=member_id))
    assert answer.status_code == 200, answer.text
    profile: dict[str, Any] = answer.json()
    return profile


async def find(members: RunningService, phone: str) -> list[str]:
    answer = await members.client.post(
        "/members/v1/member-lookups", json={"phone": phone}, headers=members.headers(Role.OPERATOR)
    )
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["member_ids"]
    return found


async def test_a_profile_is_empty_until_something_is_told(members: RunningService) -> None:
    profile = await read(members, await make_member(members))

    assert set(profile.values()) == {None}


async def test_what_is_told_is_read_and_only_the_names_of_the_fields_are_published(members: RunningService) -> None:
    member_id = await make_member(members)
    answer = await tell(members, member_id, **ANN)

    assert answer.status_code == 200, answer.text
    assert await read(members, member_id) == answer.json()
    assert answer.json() | ANN | {"phone": "+8613800138000"} == answer.json()
    [event] = await members.events(ProfileChanged)
    assert (event.member_id, event.fields) == (member_id, list(ANN))


async def test_the_day_of_a_birthday_is_told_when_it_changes_and_never_its_year(members: RunningService) -> None:
    member_id = await make_member(members)
    for birthday in ("1990-02-28", "1991-02-28", "02-28", "02-29", "02-29", None):
        assert (await tell(members, member_id, birthday=birthday)).status_code == 200

    assert [event.birthday for event in await members.events(BirthdayTold)] == ["02-28", "02-29", ""]
    assert len(await members.events(ProfileChanged)) == 5


async def test_by_whose_clock_a_member_lives_is_told_when_it_changes(members: RunningService) -> None:
    member_id = await make_member(members)
    for tz in ("Asia/Taipei", "Asia/Taipei", "Europe/Zurich", None):
        answer = await tell(members, member_id, tz=tz)
        assert answer.json()["tz"] == tz

    assert [event.tz for event in await members.events(TimezoneTold)] == ["Asia/Taipei", "Europe/Zurich", ""]


async def test_only_what_differs_is_a_change(members: RunningService) -> None:
    member_id = await make_member(members)
    await tell(members, member_id, **ANN)
    await tell(members, member_id, phone="+86 13800138000", gender="female")
    await tell(members, member_id)
    await tell(members, member_id, gender=None, display_name="安")

    assert [event.fields for event in await members.events(ProfileChanged)] == [
        list(ANN),
        ["display_name", "gender"],
    ]
    assert (await read(members, member_id))["gender"] is None


async def test_two_changes_at_once_both_hold(members: RunningService) -> None:
    member_id = await make_member(members)
    await asyncio.gather(*(tell(members, member_id, **{name: value}) for name, value in ANN.items()))

    assert await read(members, member_id) | ANN | {"phone": "+8613800138000"} == await read(members, member_id)


async def test_operators_find_members_by_phone_however_it_is_written(members: RunningService) -> None:
    ann, bob, eve = [await make_member(members) for _ in range(3)]
    await tell(members, ann, **ANN)
    await tell(members, bob, phone="+86-13800138000")
    await tell(members, eve, phone="13900139000")

    assert await find(members, "(86) 13800138000") == []
    assert await find(members, "0086 13800138000") == sorted([str(ann), str(bob)])
    await tell(members, bob, phone=None)
    assert await find(members, "13800138000") == [str(ann)]
    assert await find(members, "13800138001") == []


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"phone": "call me"}, "phone"),
    ({"phone": ""}, "phone"),
    ({"birthday": "1850-01-01"}, "birthday"),
    ({"birthday": "2999-01-01"}, "birthday"),
    ({"birthday": "yesterday"}, "birthday"),
    ({"birthday": "02-30"}, "birthday"),
    ({"birthday": "1997-02-29"}, "birthday"),
    ({"tz": "Mars/Olympus"}, "tz"),
    ({"tz": "../../etc/passwd"}, "tz"),
    ({"gender": "dragon"}, "gender"),
    ({"display_name": "x" * 65}, "display_name"),
    ({"display_name": "a\u0000b"}, "display_name"),
    ({"display_name": "\ud800"}, "display_name"),
    ({"shoe_size": 43}, "shoe_size"),
]


async def test_what_cannot_be_is_refused_by_its_field(members: RunningService) -> None:
    headers = members.headers(member_id=await make_member(members)) | {"Content-Type": "application/json"}
    for changes, field in IMPOSSIBLE:
        answer = await members.client.patch(PATH, content=json.dumps(changes).encode(), headers=headers)
        assert answer.status_code == 422, changes
        assert field in answer.json()["detail"]


async def test_who_is_no_member_has_no_profile(members: RunningService) -> None:
    nobody = uuid4()

    assert (await tell(members, nobody, **ANN)).status_code == 404
    answer = await members.client.get(PATH, headers=members.headers(member_id=nobody))
    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")


async def test_a_profile_sealed_under_another_secret_is_not_given_out_wrong(members: RunningService) -> None:
    ann, bob = await make_member(members), await make_member(members)
    await tell(members, ann, **ANN)
    await tell(members, bob, display_name="Bob")
    async with members.db.transaction() as uow:
        await uow.execute(
            "UPDATE profile SET sealed = (SELECT sealed FROM profile WHERE member_id = $1) WHERE member_id = $2",
            ann,
            bob,
        )
    answer = await members.client.get(PATH, headers=members.headers(member_id=bob))

    assert (answer.status_code, answer.json()["code"]) == (503, "seal_broken")
