import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from structlog.testing import capture_logs

from common.auth.principal import Role
from common.contracts.engagement import MessageRead, MessageSent
from common.contracts.lifecycle import SendMessage
from common.testing.services import RunningService
from factories.members import requested

pytestmark = pytest.mark.integration

INBOX = "/engagement/v1/inbox"


async def send(engagement: RunningService, member_id: UUID, *, key: str = "new", **body: Any) -> httpx2.Response:
    return await engagement.client.post(
        f"/engagement/v1/members/{member_id}/messages",
        json={"template": "welcome", **body},
        headers=engagement.headers(Role.OPERATOR, member_id=UUID(int=1), key=key),
    )


async def letters(engagement: RunningService, member_id: UUID, **query: Any) -> list[dict[str, Any]]:
    answer = await engagement.client.get(
        f"{INBOX}/messages", params=query, headers=engagement.headers(member_id=member_id)
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def unread(engagement: RunningService, member_id: UUID) -> int:
    answer = await engagement.client.get(INBOX, headers=engagement.headers(member_id=member_id))
    count: int = answer.json()["unread"]
    return count


async def read(engagement: RunningService, message_id: object, *, member_id: UUID) -> httpx2.Response:
    return await engagement.client.post(
        f"{INBOX}/messages/{message_id}/read", headers=engagement.headers(member_id=member_id)
    )


async def test_a_letter_lies_unread_until_it_is_read_and_that_is_told_once(engagement: RunningService) -> None:
    member_id = uuid4()
    await engagement.receive(requested(SendMessage(template="hello", channel="inbox"), member_id=member_id))
    await send(engagement, member_id, values={"shop": "花園店"})
    newest, oldest = await letters(engagement, member_id)

    assert (newest["template"], oldest["template"]) == ("welcome", "hello")
    assert "花園店" in newest["text_zh"]
    assert "花園店" in newest["text_en"]
    assert await unread(engagement, member_id) == 2
    answers = await asyncio.gather(*(read(engagement, newest["id"], member_id=member_id) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert await unread(engagement, member_id) == 1
    assert [letter["id"] for letter in await letters(engagement, member_id, unread=True)] == [oldest["id"]]
    [told] = await engagement.events(MessageRead)
    assert (str(told.message_id), told.member_id) == (newest["id"], member_id)


async def test_letters_are_their_readers_own(engagement: RunningService) -> None:
    ann, bob = uuid4(), uuid4()
    letter = (await send(engagement, ann)).json()

    assert await letters(engagement, bob) == []
    for message_id, member_id in ((letter["id"], bob), (uuid4(), ann)):
        answer = await read(engagement, message_id, member_id=member_id)
        assert (answer.status_code, answer.json()["code"]) == (404, "message_not_found")
    assert not await engagement.events(MessageRead)


async def test_what_goes_to_the_log_is_no_letter_and_its_line_has_no_words(engagement: RunningService) -> None:
    member_id = uuid4()
    with capture_logs() as logs:
        sent = (await send(engagement, member_id, channel="log", values={"shop": "花園店"})).json()

    [line] = [line for line in logs if line["event"] == "message"]
    assert (line["message_id"], line["member_id"], line["template"]) == (sent["id"], str(member_id), "welcome")
    assert "花園店" not in repr(logs)
    assert await letters(engagement, member_id) == []
    assert await unread(engagement, member_id) == 0
    assert (await read(engagement, sent["id"], member_id=member_id)).status_code == 404


async def test_one_request_sends_one_message(engagement: RunningService) -> None:
    member_id = uuid4()
    answers = await asyncio.gather(*(send(engagement, member_id, key="once") for _ in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    [sent] = await engagement.events(MessageSent)
    assert (sent.member_id, sent.action_id) == (member_id, None)


async def test_what_cannot_be_sent_is_refused(engagement: RunningService) -> None:
    refused = {
        "template_not_found": await send(engagement, uuid4(), template="no_such"),
        "placeholder_unknown": await send(engagement, uuid4(), values={"fruit": "x"}),
        "request_invalid": await send(engagement, uuid4(), channel="pigeon"),
    }

    assert {answer.json()["code"] for answer in refused.values()} == set(refused)
    assert [answer.status_code for answer in refused.values()] == [404, 422, 422]


async def test_the_inbox_comes_in_pages(engagement: RunningService) -> None:
    member_id = uuid4()
    sent = [(await send(engagement, member_id)).json()["id"] for _ in range(5)]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await engagement.client.get(
            f"{INBOX}/messages",
            params={"limit": 2} | ({"cursor": cursor} if cursor else {}),
            headers=engagement.headers(member_id=member_id),
        )
        found += [letter["id"] for letter in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]

    assert found == sent[::-1]
