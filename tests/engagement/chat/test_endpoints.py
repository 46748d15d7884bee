import asyncio
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any
from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.contracts.engagement import ChatMessageCounted
from common.http.limits import STRICTER
from common.testing.services import RunningService
from factories.engagement import (
    CHANNEL,
    DEVELOPMENT_SECRET,
    NEXT_SECRET,
    SECRET,
    WEBHOOKS_PER_MINUTE,
    chat_message,
    deliver,
    know_sender,
    make_community,
)

pytestmark = pytest.mark.integration

CHAT = f"/engagement/v1/channels/{CHANNEL}/messages"


async def test_a_delivery_is_kept_and_counted_once_per_community_and_member(engagement: RunningService) -> None:
    garden, river = await make_community(engagement), await make_community(engagement, "river")
    ann, bob = uuid4(), uuid4()
    await know_sender(engagement, "ann", member_id=ann)
    await know_sender(engagement, "bob", member_id=bob)
    answer = await deliver(
        engagement,
        chat_message(garden),
        chat_message(garden),
        chat_message(garden, sender="bob"),
        chat_message(river),
        chat_message(river, sender="nobody"),
    )

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "received": 5,
        "stored": 5,
        "repeated": 0,
        "unknown_senders": 1,
        "unknown_communities": 0,
        "untimely": 0,
    }
    counted = await engagement.events(ChatMessageCounted)
    assert {(event.community_id, event.member_id, event.messages) for event in counted} == {
        (garden, ann, 2),
        (garden, bob, 1),
        (river, ann, 1),
    }
    assert len({event.batch_id for event in counted}) == 1


async def test_the_same_delivery_ten_times_at_once_counts_once(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    await know_sender(engagement, "ann", member_id=uuid4())
    message = chat_message(garden)
    answers = await asyncio.gather(*(deliver(engagement, message, delivery_id="same") for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert [event.messages for event in await engagement.events(ChatMessageCounted)] == [1]


async def test_operators_read_what_was_written(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    await deliver(engagement, chat_message(garden, text="first"), chat_message(garden, text="second"))
    answer = await engagement.client.get(
        f"/engagement/v1/communities/{garden}/messages", headers=engagement.headers(Role.OPERATOR)
    )

    assert [message["text"] for message in answer.json()["items"]] == ["second", "first"]


async def test_a_message_delivered_again_in_another_delivery_is_not_counted_again(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    await know_sender(engagement, "ann", member_id=uuid4())
    old, new = chat_message(garden), chat_message(garden)
    await deliver(engagement, old)
    answer = (await deliver(engagement, old, new, new)).json()

    assert (answer["received"], answer["stored"], answer["repeated"]) == (3, 1, 2)
    assert [event.messages for event in await engagement.events(ChatMessageCounted)] == [1, 1]
    metrics = (await engagement.client.get("/engagement/metrics")).text
    assert 'engagement_chat_messages_total{channel="wechat",outcome="counted"} 2.0' in metrics
    assert 'engagement_chat_messages_total{channel="wechat",outcome="repeated"} 2.0' in metrics


async def test_overlapping_deliveries_at_once_count_every_message_once(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    await know_sender(engagement, "ann", member_id=uuid4())
    messages = [chat_message(garden) for _ in range(20)]
    answers = await asyncio.gather(
        *(deliver(engagement, *(messages if n % 2 else reversed(messages))) for n in range(12))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["stored"] for answer in answers) == 20
    assert sum(event.messages for event in await engagement.events(ChatMessageCounted)) == 20


async def test_what_cannot_be_placed_is_reported_and_the_rest_is_kept(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    future, past = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(days=31)
    answer = await deliver(
        engagement,
        chat_message(uuid4()),
        chat_message(garden, sent_at=future.isoformat()),
        chat_message(garden, sent_at=past.isoformat()),
        chat_message(garden, text=""),
    )

    assert answer.json() == {
        "received": 4,
        "stored": 1,
        "repeated": 0,
        "unknown_senders": 1,
        "unknown_communities": 1,
        "untimely": 2,
    }
    assert not await engagement.events(ChatMessageCounted)


async def test_a_delivery_id_stands_for_one_body(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    await deliver(engagement, chat_message(garden), delivery_id="one")
    other = await deliver(engagement, chat_message(garden), delivery_id="one")
    elsewhere = await deliver(
        engagement, chat_message(garden), delivery_id="one", channel="development", secret=DEVELOPMENT_SECRET
    )

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert elsewhere.status_code == 200


async def test_only_what_a_secret_of_the_channel_signed_lately_is_taken(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    message = chat_message(garden)
    refused = {
        "another secret": await deliver(engagement, message, secret=DEVELOPMENT_SECRET),
        "another body": await deliver(engagement, message, body=b'{"messages": []}'),
        "too old": await deliver(engagement, message, timestamp=int(time()) - 301),
        "too new": await deliver(engagement, message, timestamp=int(time()) + 302),
        "unsigned": await engagement.client.post(CHAT, json={"messages": [message]}),
    }

    assert {what: (answer.status_code, answer.json()["code"]) for what, answer in refused.items()} == dict.fromkeys(
        refused, (401, "signature_invalid")
    )
    assert await engagement.db.fetchval("SELECT count(*) FROM chat_message") == 0
    assert (await deliver(engagement, message, channel="pigeon")).json()["code"] == "channel_not_found"
    assert (await deliver(engagement, message, timestamp=int(time()) - 290)).status_code == 200
    metrics = (await engagement.client.get("/engagement/metrics")).text
    assert 'engagement_deliveries_refused_total{channel="wechat"} 5.0' in metrics


async def test_two_secrets_hold_while_one_replaces_the_other(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    for secret in (SECRET, NEXT_SECRET):
        assert (await deliver(engagement, chat_message(garden), secret=secret)).status_code == 200


async def test_wrong_bodies_are_refused(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    wrong: list[dict[str, Any]] = [
        {"text": "a\0b"},
        {"text": "\ud800"},
        {"text": "x" * 4001},
        {"text": None},
        {"id": ""},
        {"id": "x" * 129},
        {"sender": "\0"},
        {"sent_at": "yesterday"},
        {"sent_at": "2026-05-01T00:00:00"},
        {"sent_at": "0001-01-01T00:00:00+14:00"},
        {"community_id": "garden"},
        {"likes": 3},
    ]
    for changes in wrong:
        answer = await deliver(engagement, chat_message(garden) | changes)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), changes
    for messages in ([], [chat_message(garden) for _ in range(501)]):
        assert (await deliver(engagement, *messages)).status_code == 422
    assert (await deliver(engagement, chat_message(garden), body=b"{")).status_code in {401, 422}


async def test_deliveries_are_limited_more_strictly_without_valkey(engagement: RunningService) -> None:
    """The tests run without one: a quarter of the rate holds in this process."""
    garden = await make_community(engagement)
    allowed = WEBHOOKS_PER_MINUTE // STRICTER
    statuses = [(await deliver(engagement, chat_message(garden))).status_code for _ in range(allowed + 1)]

    assert statuses == [200] * allowed + [429]


async def test_chat_is_read_in_pages(engagement: RunningService) -> None:
    garden = await make_community(engagement)
    for n in range(5):
        await deliver(engagement, chat_message(garden, text=str(n)))
    path, texts = f"/engagement/v1/communities/{garden}/messages", list[str]()
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await engagement.client.get(path, params=query, headers=engagement.headers(Role.OPERATOR))).json()
        texts += [message["text"] for message in answer["items"]]
        cursor = answer["next_cursor"]

    assert texts == ["4", "3", "2", "1", "0"]
