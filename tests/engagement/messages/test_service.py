"""Races for messages, each on a connection of its own."""

from functools import partial
from uuid import uuid4

import pytest

from common.contracts.engagement import MessageSent
from common.contracts.lifecycle import SendMessage
from common.testing.races import race
from common.testing.services import RunningService
from engagement.messages import service
from factories.members import received, requested

pytestmark = pytest.mark.integration

HELLO = SendMessage(template="hello", channel="inbox")


async def test_actions_carried_out_by_twelve_at_once_are_done_once_and_told_by_each(
    engagement: RunningService,
) -> None:
    asked = [requested(HELLO, member_id=uuid4()) for _ in range(5)]
    one_way = [(received(one), HELLO) for one in asked]
    works = [partial(service.carry_out, asked=batch) for batch in [one_way, one_way[::-1]] * 6]
    results = await race(engagement.db, *works)

    assert results == [None] * 12
    assert await engagement.db.fetchval("SELECT count(*) FROM message") == 5
    sent = await engagement.events(MessageSent)
    assert len(sent) == 60
    assert len(set(sent)) == 5
