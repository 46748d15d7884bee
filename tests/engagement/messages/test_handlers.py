from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from common.contracts.engagement import MessageRefused, MessageSent
from common.contracts.lifecycle import ActionRequested, IssueCoupon, SendMessage
from common.testing.services import RunningService
from engagement.messages.handlers import on_action_requested
from engagement.templates.domain import DEFAULT_TEMPLATES
from factories.members import received, requested

pytestmark = pytest.mark.integration

HELLO = SendMessage(template="hello", channel="inbox")


async def test_a_message_that_is_asked_for_is_sent_and_told(engagement: RunningService) -> None:
    asked = requested(HELLO, member_id=uuid4())
    await engagement.receive(asked)

    [sent] = await engagement.events(MessageSent)
    assert (sent.action_id, sent.member_id, sent.template, sent.channel) == (
        asked.action_id,
        asked.member_id,
        "hello",
        "inbox",
    )


async def test_an_action_asked_for_again_is_told_again_and_not_done_again(engagement: RunningService) -> None:
    asked = requested(HELLO, member_id=uuid4())
    await engagement.receive(asked, asked)
    await engagement.receive(asked)

    sent = await engagement.events(MessageSent)
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert await engagement.db.fetchval("SELECT count(*) FROM message") == 1


async def test_refusals_are_told_and_stop_nobody_else(engagement: RunningService) -> None:
    late = datetime.now(UTC) - timedelta(seconds=1)
    await engagement.receive(
        requested(HELLO, member_id=uuid4(), valid_until=late),
        requested(SendMessage(template="hello", channel="pigeon"), member_id=uuid4()),
        requested(SendMessage(template="no_such", channel="log"), member_id=uuid4()),
        requested(IssueCoupon(template="newcomer_3"), member_id=uuid4()),
        requested(HELLO, member_id=uuid4()),
    )

    reasons = [refused.reason for refused in await engagement.events(MessageRefused)]
    assert reasons == ["expired", "unknown_channel", "unknown_template"]
    assert len(await engagement.events(MessageSent)) == 1


async def test_every_template_of_the_default_policy_can_be_sent(engagement: RunningService) -> None:
    member_id = uuid4()
    await engagement.receive(
        *(requested(SendMessage(template=t.code, channel="log"), member_id=member_id) for t in DEFAULT_TEMPLATES)
    )

    assert {sent.template for sent in await engagement.events(MessageSent)} == {t.code for t in DEFAULT_TEMPLATES}


async def handle_in_vain(engagement: RunningService, asked: ActionRequested) -> None:
    async with engagement.db.transaction() as uow:
        await on_action_requested(uow, [received(asked)])
        raise ZeroDivisionError


async def test_what_was_done_is_counted_once_it_is_committed(engagement: RunningService) -> None:
    asked = requested(SendMessage(template="hello", channel="log"), member_id=uuid4())
    with capture_logs() as logs, pytest.raises(ZeroDivisionError):
        await handle_in_vain(engagement, asked)
    assert not [line for line in logs if line["event"] == "message"]
    with capture_logs() as logs:
        await engagement.receive(asked, asked)
        await engagement.receive(requested(SendMessage(template="no_such", channel="log"), member_id=uuid4()))

    assert len([line for line in logs if line["event"] == "message"]) == 1
    metrics = (await engagement.client.get("/engagement/metrics")).text
    assert 'engagement_messages_total{channel="log",template="hello"} 1.0' in metrics
    assert 'engagement_messages_refused_total{reason="unknown_template"} 1.0' in metrics
