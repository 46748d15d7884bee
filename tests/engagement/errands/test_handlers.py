from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from common.contracts.engagement import MessageRefused, MessageSent, TaskRefused, WebhookRefused
from common.contracts.lifecycle import ActionRequested, AssignTask, CallWebhook, IssueCoupon, SendMessage
from common.testing.services import RunningService
from engagement.errands.handlers import on_action_requested
from engagement.templates.domain import DEFAULT_TEMPLATES
from factories.engagement import consented, make_endpoint
from factories.members import received, requested, withdrawn

pytestmark = pytest.mark.integration

HELLO = SendMessage(template="hello", channel="inbox")
TASK = AssignTask(team="community_team", due_minutes=120)
HOOK = CallWebhook(endpoint="crm")


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
    assert 'engagement_errands_total{kind="send_message",outcome="done"} 1.0' in metrics
    assert 'engagement_errands_total{kind="send_message",outcome="unknown_template"} 1.0' in metrics


async def test_what_was_withdrawn_first_is_never_done(engagement: RunningService) -> None:
    """Each kind, asked for after its withdrawal, is refused for ever."""
    await make_endpoint(engagement)
    asked = [requested(action, member_id=uuid4()) for action in (HELLO, TASK, HOOK)]
    await engagement.receive(*map(withdrawn, asked), *map(withdrawn, asked), *asked, *asked)

    messages, tasks = await engagement.events(MessageRefused), await engagement.events(TaskRefused)
    webhooks = await engagement.events(WebhookRefused)
    assert [len(refused) for refused in (messages, tasks, webhooks)] == [2, 2, 2]
    reasons = [{one.reason for one in messages}, {one.reason for one in tasks}, {one.reason for one in webhooks}]
    assert reasons == [{"withdrawn"}] * 3
    for table in ("message", "task", "webhook_delivery"):
        assert await engagement.db.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_message_that_was_sent_stays_sent(engagement: RunningService) -> None:
    asked = requested(HELLO, member_id=uuid4())
    await engagement.receive(asked, withdrawn(asked), asked)

    assert len(set(await engagement.events(MessageSent))) == 1
    assert not await engagement.events(MessageRefused)


async def test_consent_is_what_the_member_said_last(engagement: RunningService) -> None:
    member_id = uuid4()
    for given in (None, True, False):
        if given is not None:
            await engagement.receive(consented(member_id, given=given))
        await engagement.receive(requested(HELLO, member_id=member_id, consent="promo"))

    assert len(await engagement.events(MessageSent)) == 1
    assert [refused.reason for refused in await engagement.events(MessageRefused)] == ["no_consent"] * 2


async def test_of_several_answers_in_one_batch_the_last_holds(engagement: RunningService) -> None:
    member_id = uuid4()
    await engagement.receive(*(consented(member_id, given=given) for given in (True, False, True)))
    await engagement.receive(requested(HELLO, member_id=member_id, consent="promo"))

    assert len(await engagement.events(MessageSent)) == 1


async def test_what_is_members_is_left_to_them(engagement: RunningService) -> None:
    asked = requested(IssueCoupon(template="newcomer_3"), member_id=uuid4())
    await engagement.receive(asked, withdrawn(asked))

    assert await engagement.db.fetchval("SELECT count(*) FROM errand") == 0
