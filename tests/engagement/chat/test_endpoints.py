import asyncio
from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.contracts.engagement import ChatMessageCounted
from common.testing.services import RunningService
from factories.engagement import chat_message, deliver, know_sender, make_community

pytestmark = pytest.mark.integration


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
