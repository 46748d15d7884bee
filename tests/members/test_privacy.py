"""Planted personal data is looked for wherever it must not be: tables, events, dead letters, logs, metrics."""

import logging
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from common.auth.principal import Role
from common.contracts.lifecycle import GrantPoints
from common.testing.services import RunningService
from factories.members import give_coupon, make_member, make_template, requested

pytestmark = pytest.mark.integration

NAME, PHONE, BIRTHDAY = "金絲雀甲", "+8613912345678", "1987-06-05"
PROOF, EXTERNAL = "canary-in-the-proof", "canary-external-id"
WRONG = "canary, not a phone"
CANARIES = (NAME, PHONE, PHONE.removeprefix("+86"), BIRTHDAY, PROOF, EXTERNAL, WRONG)


def found_in(text: str) -> list[str]:
    """The canaries in a text, as they are, escaped as in JSON, or in hexadecimal as PostgreSQL shows bytes."""
    return [
        canary
        for canary in CANARIES
        if canary in text
        or canary.encode().hex() in text
        or canary.encode("ascii", "backslashreplace").decode() in text
    ]


async def dump(service: RunningService) -> str:
    """Every row of every table of the service's schema."""
    tables = await service.db.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = $1", service.runtime.service.name
    )
    rows = [
        row["row"]
        for table in tables
        for row in await service.db.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" AS t')
    ]
    assert rows
    return "\n".join(rows)


async def live_a_life(members: RunningService) -> None:
    """Do whatever personal data takes part in, also what goes wrong."""
    session = await members.client.post("/members/v1/sessions", json={"provider": "development", "proof": PROOF})
    me = members.headers(member_id=UUID(session.json()["member_id"]))
    path = "/members/v1/members/me/profile"
    told = await members.client.patch(
        path, json={"display_name": NAME, "phone": PHONE, "birthday": BIRTHDAY}, headers=me
    )
    assert told.status_code == 200
    for wrong in ({"phone": WRONG}, {"birthday": WRONG}, {"display_name": NAME, "unknown": PHONE}):
        assert (await members.client.patch(path, json=wrong, headers=me)).status_code == 422
    assert NAME in (await members.client.get(path, headers=me)).text
    operator = members.headers(Role.OPERATOR, key="new")
    await members.client.post("/members/v1/members", json={"external_id": EXTERNAL}, headers=operator)
    found = await members.client.post("/members/v1/member-lookups", json={"phone": PHONE}, headers=operator)
    assert found.json()["member_ids"] == [session.json()["member_id"]]
    await make_template(members)
    await give_coupon(members, UUID(found.json()["member_ids"][0]))
    await members.receive(requested(GrantPoints(points=2**40, reason="x"), member_id=await make_member(members)))
    async with members.db.transaction() as uow:
        await uow.execute("UPDATE profile SET sealed = sealed || 'x'")
    assert (await members.client.get(path, headers=me)).status_code == 503


async def test_no_canary_leaves_its_cage(members: RunningService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        await live_a_life(members)

    assert found_in(await dump(members)) == []
    assert await members.db.fetchval("SELECT count(*) FROM dead_letter") == 1
    assert logs
    assert found_in(repr(logs)) == []
    assert found_in(caplog.text) == []
    assert found_in((await members.client.get("/members/metrics")).text) == []


async def test_the_canaries_would_be_found(members: RunningService) -> None:
    """The look-out itself: what stands open in a table, as text or as bytes, is seen."""
    async with members.db.transaction() as uow:
        for key, value in (("text", PHONE.encode()), ("bytes", NAME.encode())):
            await uow.execute(
                "INSERT INTO idempotency_key (actor, key, request_hash, response, created_at) VALUES ($1, $2, $3, $4, $5)",
                EXTERNAL if key == "text" else "somebody",
                key,
                b"",
                value,
                uow.now,
            )

    assert set(found_in(await dump(members))) == {EXTERNAL, PHONE, PHONE.removeprefix("+86"), NAME}
