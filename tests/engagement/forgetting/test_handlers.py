"""Planted words are looked for everywhere after their member is erased."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest

from common.auth.principal import Role
from common.contracts.engagement import MessageRefused
from common.contracts.lifecycle import SendMessage
from common.contracts.members import MemberErased
from common.testing.races import race
from common.testing.services import RunningService
from engagement.complaints import service as complaints
from engagement.errors import MemberGone
from engagement.forgetting import service
from factories.engagement import chat_message, deliver, know_sender, make_community
from factories.members import requested

pytestmark = pytest.mark.integration

NAME = "canary_ann"
CANARIES = ("金絲雀寫的信", "金絲雀的投訴", "金絲雀的備註", "金絲雀在群裡說", NAME)
LETTER, COMPLAINT, NOTE, CHAT, _ = CANARIES


def erased(member_id: UUID) -> MemberErased:
    return MemberErased(member_id=member_id, erased_at=datetime.now(UTC))


async def found(engagement: RunningService) -> set[str]:
    """The canaries in any row of any table, as they are, escaped as in JSON, or in hexadecimal."""
    tables = await engagement.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'engagement'")
    rows = [
        row["row"]
        for table in tables
        for row in await engagement.db.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" AS t')
    ]
    return {
        canary
        for canary in CANARIES
        for row in rows
        if canary in row or canary.encode().hex() in row or canary.encode("ascii", "backslashreplace").decode() in row
    }


async def live_a_life(engagement: RunningService, member_id: UUID) -> None:
    """Write something of the member wherever something can be written."""
    operator = partial(engagement.headers, Role.OPERATOR, key="new")
    template = {"code": "note", "text_zh": "{words}", "text_en": "{words}", "placeholders": {"words": ""}}
    answers = [
        await engagement.client.post("/engagement/v1/message-templates", json=template, headers=operator()),
        await engagement.client.post(
            f"/engagement/v1/members/{member_id}/messages",
            json={"template": "note", "values": {"words": LETTER}},
            headers=operator(),
        ),
        await engagement.client.post(
            "/engagement/v1/members/me/complaints",
            json={"topic": "other", "text": COMPLAINT},
            headers=engagement.headers(member_id=member_id, key="new"),
        ),
        await engagement.client.post(
            "/engagement/v1/tasks",
            json={
                "member_id": str(member_id),
                "team": "community_team",
                "due_at": datetime.now(UTC).isoformat(),
                "note": NOTE,
            },
            headers=operator(),
        ),
    ]
    assert [answer.status_code for answer in answers] == [201] * 4
    garden = await make_community(engagement)
    await know_sender(engagement, NAME, member_id=member_id)
    assert (await deliver(engagement, chat_message(garden, sender=NAME, text=CHAT))).status_code == 200


async def test_no_word_of_an_erased_member_is_left_anywhere(engagement: RunningService) -> None:
    member_id = uuid4()
    await live_a_life(engagement, member_id)
    assert await found(engagement) == set(CANARIES)

    await engagement.receive(erased(member_id))
    assert await found(engagement) == set()


async def test_nobody_else_loses_a_word(engagement: RunningService) -> None:
    await live_a_life(engagement, uuid4())
    await engagement.receive(erased(uuid4()))

    assert await found(engagement) == set(CANARIES)


async def test_nothing_more_is_done_for_who_is_erased_or_written_down_of_them(engagement: RunningService) -> None:
    member_id = uuid4()
    await engagement.receive(erased(member_id), erased(member_id))
    await engagement.receive(requested(SendMessage(template="hello", channel="inbox"), member_id=member_id))

    assert [refused.reason for refused in await engagement.events(MessageRefused)] == ["unknown_member"]
    answer = await engagement.client.post(
        "/engagement/v1/members/me/complaints",
        json={"topic": "other", "text": COMPLAINT},
        headers=engagement.headers(member_id=member_id, key="new"),
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "member_gone")
    assert await found(engagement) == set()


async def test_what_is_written_as_its_member_is_erased_does_not_outlive_them(engagement: RunningService) -> None:
    member_id = uuid4()
    complain = partial(
        complaints.open_one, member_id=member_id, topic="other", order_id=None, text=COMPLAINT, topics={"other"}
    )
    results = await race(
        engagement.db, *[complain] * 5, partial(service.forget, member_ids=[member_id]), *[complain] * 5
    )

    assert all(isinstance(result, MemberGone) for result in results if isinstance(result, BaseException))
    assert await found(engagement) == set()
