"""Races for errands, each on a connection of its own."""

from functools import partial
from uuid import uuid4

import pytest

from common.contracts.engagement import MessageRefused, MessageSent, TaskClosed, TaskOpened, TaskRefused, WebhookRefused
from common.contracts.lifecycle import Action, AssignTask, CallWebhook, SendMessage
from common.testing.races import race
from common.testing.services import RunningService
from engagement.audience import service as audience
from engagement.errands import service
from factories.engagement import consented, make_endpoint
from factories.members import received, requested, withdrawn

pytestmark = pytest.mark.integration

HELLO = SendMessage(template="hello", channel="inbox")
TASK = AssignTask(team="community_team", due_minutes=120)
HOOK = CallWebhook(endpoint="crm")


async def test_actions_carried_out_by_twelve_at_once_are_done_once_and_told_by_each(
    engagement: RunningService,
) -> None:
    await make_endpoint(engagement)
    asked = [requested(action, member_id=uuid4()) for action in (HELLO, TASK, HOOK) for _ in range(3)]
    one_way = [received(one) for one in asked]
    works = [partial(service.carry_out, asked=batch) for batch in [one_way, one_way[::-1]] * 6]
    results = await race(engagement.db, *works)

    assert results == [None] * 12
    for table in ("message", "task", "webhook_delivery"):
        assert await engagement.db.fetchval(f"SELECT count(*) FROM {table}") == 3
    sent, opened = await engagement.events(MessageSent), await engagement.events(TaskOpened)
    assert (len(sent), len(set(sent))) == (36, 3)
    assert (len(opened), len(set(opened))) == (36, 3)


@pytest.mark.parametrize("action", [TASK, HOOK])
async def test_an_action_that_arrives_as_it_is_withdrawn_leaves_nothing_to_do(
    engagement: RunningService, action: Action
) -> None:
    """Either it was begun and is undone, or it was refused; nothing waits."""
    await make_endpoint(engagement)
    wishes = [requested(action, member_id=uuid4()) for _ in range(6)]
    results = await race(
        engagement.db,
        *(
            work
            for asked in wishes
            for work in (
                partial(service.carry_out, asked=[received(asked)]),
                partial(service.withdraw, asked=[received(withdrawn(asked))]),
            )
        ),
    )

    assert results == [None] * 12
    assert await engagement.db.fetchval("SELECT count(*) FROM task WHERE closed_at IS NULL") == 0
    assert await engagement.db.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'waiting'") == 0
    assert len(await engagement.events(TaskOpened)) == len(await engagement.events(TaskClosed))
    refused = [*await engagement.events(TaskRefused), *await engagement.events(WebhookRefused)]
    assert len(refused) + len(await engagement.events(TaskClosed)) == 6


async def test_no_message_that_needs_consent_is_sent_after_its_withdrawal(engagement: RunningService) -> None:
    member_id = uuid4()
    await engagement.receive(consented(member_id))
    asked = [received(requested(HELLO, member_id=member_id, consent="promo")) for _ in range(8)]
    say_no = partial(audience.keep_consents, told=[consented(member_id, given=False)])
    results = await race(
        engagement.db,
        *[partial(service.carry_out, asked=[one]) for one in asked[:4]],
        say_no,
        *[partial(service.carry_out, asked=[one]) for one in asked[4:]],
    )

    assert results == [None] * 9
    assert len(await engagement.events(MessageSent)) + len(await engagement.events(MessageRefused)) == 8
    await engagement.receive(requested(HELLO, member_id=member_id, consent="promo"))
    assert (await engagement.events(MessageRefused))[-1].reason == "no_consent"
