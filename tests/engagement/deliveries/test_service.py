import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from time import time
from typing import Any
from uuid import uuid4

import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.contracts.engagement import WebhookDelivered, WebhookRefused
from common.contracts.lifecycle import ActionRequested, CallWebhook
from common.contracts.members import MemberErased
from common.testing.races import race
from common.testing.services import RunningService
from common.testing.waiting import eventually
from engagement.channels.domain import fault
from engagement.deliveries import service
from engagement.errands import service as errands
from factories.engagement import consented, make_endpoint
from factories.members import received, requested, withdrawn
from factories.receivers import Receiver, Told, receiving

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/webhook-deliveries"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime.now(UTC))


async def ask(engagement: RunningService, receiver: Receiver, **changes: Any) -> ActionRequested:
    """A webhook that the lifecycle asks for, to this machine."""
    if not await engagement.db.fetchval("SELECT count(*) FROM webhook_endpoint"):
        await make_endpoint(engagement, url=receiver.url())
    asked = requested(CallWebhook(endpoint="crm"), **{"member_id": uuid4(), **changes})
    await engagement.receive(asked)
    return asked


async def refusals(engagement: RunningService) -> list[str]:
    return [refused.reason for refused in await engagement.events(WebhookRefused)]


async def listed(engagement: RunningService, **wanted: Any) -> list[dict[str, Any]]:
    answer = await engagement.client.get(PATH, params=wanted, headers=engagement.headers(Role.OPERATOR))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def resend(engagement: RunningService) -> tuple[int, dict[str, Any]]:
    [delivery] = await listed(engagement)
    answer = await engagement.client.post(
        f"{PATH}/{delivery['id']}/resend", headers=engagement.headers(Role.OPERATOR, key="new")
    )
    return answer.status_code, answer.json()


def signed_by(told: Told, secret: str) -> bool:
    wrong = fault(
        [secret],
        delivery_id=told.headers["webhook-id"],
        timestamp=told.headers["webhook-timestamp"],
        signatures=told.headers["webhook-signature"],
        body=told.body,
        now=time(),
    )
    return wrong is None


async def test_an_endpoint_is_told_once_signed_under_the_actions_id(engagement: RunningService) -> None:
    async with receiving() as receiver:
        made = await make_endpoint(engagement, url=receiver.url())
        asked = await ask(engagement, receiver)
        await service.deliver_due(engagement.db)
        await service.deliver_due(engagement.db)

    [told] = receiver.told
    assert told.headers["webhook-id"] == str(asked.action_id)
    assert signed_by(told, made["secret"])
    [delivered] = await engagement.events(WebhookDelivered)
    assert (delivered.action_id, delivered.member_id, delivered.endpoint) == (asked.action_id, asked.member_id, "crm")
    await engagement.receive(asked)
    assert len(set(await engagement.events(WebhookDelivered))) == 1


async def test_for_a_day_two_secrets_sign(engagement: RunningService, clock: VirtualClock) -> None:
    async with receiving() as receiver:
        secrets = [(await make_endpoint(engagement, url=receiver.url()))["secret"]]
        for _ in range(2):
            headers = engagement.headers(Role.OPERATOR, key="new")
            answer = await engagement.client.post("/engagement/v1/webhook-endpoints/crm/rotate", headers=headers)
            secrets.append(answer.json()["secret"])
        await ask(engagement, receiver)
        await service.deliver_due(engagement.db)
        await clock.advance_to(clock.now() + timedelta(days=1))
        await ask(engagement, receiver)
        await service.deliver_due(engagement.db)

    assert [[signed_by(told, secret) for secret in secrets] for told in receiver.told] == [
        [False, True, True],
        [False, False, True],
    ]


async def test_who_cannot_answer_now_is_asked_again_later_and_told_of_once(
    engagement: RunningService, clock: VirtualClock
) -> None:
    async with receiving([500, 429, 302]) as receiver:
        await ask(engagement, receiver)
        for _ in range(4):
            await service.deliver_due(engagement.db)
            assert not await refusals(engagement)
            await clock.advance_to(clock.now() + timedelta(minutes=3))

    assert len(receiver.told) == 4
    assert len({told.body for told in receiver.told}) == 1
    assert len(await engagement.events(WebhookDelivered)) == 1
    [delivery] = await listed(engagement, state="delivered")
    details = await engagement.client.get(f"{PATH}/{delivery['id']}", headers=engagement.headers(Role.OPERATOR))
    assert [attempt["status"] for attempt in details.json()["tried"]] == [200, 302, 429, 500]


async def test_a_virtual_clock_stops_where_a_webhook_is_due(engagement: RunningService, clock: VirtualClock) -> None:
    """Whoever drives the clock asks the service, and would pass over it otherwise."""
    due = engagement.runtime.service.next_due
    assert await due(engagement.db) is None
    async with receiving([500]) as receiver:
        await ask(engagement, receiver)
        assert await due(engagement.db) == clock.now()
        await service.deliver_due(engagement.db)
        again = await due(engagement.db)
        assert again is not None
        assert again > clock.now()
        await clock.advance_to(again + timedelta(microseconds=1))
        await service.deliver_due(engagement.db)
        assert await due(engagement.db) is None
    assert len(receiver.told) == 2


async def test_nobody_is_asked_more_than_eight_times(engagement: RunningService, clock: VirtualClock) -> None:
    async with receiving([503] * 20) as receiver:
        await ask(engagement, receiver, valid_until=clock.now() + timedelta(days=90))
        for _ in range(12):
            await service.deliver_due(engagement.db)
            await clock.advance_to(clock.now() + timedelta(hours=13))

    assert len(receiver.told) == 8
    assert await refusals(engagement) == ["no_answer"]


async def test_nobody_is_asked_after_its_time(engagement: RunningService, clock: VirtualClock) -> None:
    async with receiving([503] * 20) as receiver:
        await ask(engagement, receiver, valid_until=clock.now() + timedelta(minutes=1))
        await service.deliver_due(engagement.db)
        late = await ask(engagement, receiver, valid_until=clock.now() + timedelta(minutes=1))
        await clock.advance_to(clock.now() + timedelta(minutes=2))
        await service.deliver_due(engagement.db)

    assert len(receiver.told) == 1
    told = {event.action_id: event.reason for event in await engagement.events(WebhookRefused)}
    assert told.pop(late.action_id) == "expired"
    assert list(told.values()) == ["no_answer"]


async def test_a_no_is_final_and_who_is_gone_is_told_nothing_more(engagement: RunningService) -> None:
    async with receiving([404, 410]) as receiver:
        for _ in range(3):
            await ask(engagement, receiver)
            await service.deliver_due(engagement.db)

    assert len(receiver.told) == 2
    assert await refusals(engagement) == ["answered_no", "answered_no", "unknown_endpoint"]
    assert await engagement.db.fetchval("SELECT state FROM webhook_endpoint") == "disabled"


async def test_an_unknown_endpoint_and_a_forbidden_address_are_refused(engagement: RunningService) -> None:
    await engagement.receive(requested(CallWebhook(endpoint="no_such"), member_id=uuid4()))
    async with receiving() as receiver:
        await make_endpoint(engagement, url=receiver.url())
        async with engagement.db.transaction() as uow:
            await uow.execute("UPDATE webhook_endpoint SET url = 'https://10.0.0.1/'")
        await ask(engagement, receiver)
        await service.deliver_due(engagement.db)

    assert await refusals(engagement) == ["unknown_endpoint", "address_forbidden"]
    assert not receiver.told


async def test_what_is_withdrawn_forbidden_or_gone_meanwhile_is_not_sent(engagement: RunningService) -> None:
    async with receiving() as receiver:
        asked = await ask(engagement, receiver)
        await engagement.receive(withdrawn(asked))
        doubting, leaving = uuid4(), uuid4()
        await engagement.receive(consented(doubting))
        await ask(engagement, receiver, member_id=doubting, consent="promo")
        await ask(engagement, receiver, member_id=leaving)
        await engagement.receive(
            consented(doubting, given=False), MemberErased(member_id=leaving, erased_at=datetime.now(UTC))
        )
        await ask(engagement, receiver, member_id=leaving)
        await service.deliver_due(engagement.db)

    assert sorted(await refusals(engagement)) == ["no_consent", "unknown_member", "unknown_member", "withdrawn"]
    assert not receiver.told


async def test_a_withdrawal_while_it_is_being_sent_waits_for_the_answer(engagement: RunningService) -> None:
    """Delivered is delivered; what was not is not tried again."""
    for status, refused in ((200, []), (503, ["withdrawn"])):
        async with receiving([status]) as receiver:
            receiver.holding = asyncio.Event()
            async with engagement.db.transaction() as uow:
                await uow.execute("UPDATE webhook_endpoint SET url = $1", receiver.url())
            asked = await ask(engagement, receiver)
            sending = asyncio.create_task(service.deliver_due(engagement.db))
            await eventually(lambda: receiver.told, what="the call")
            await engagement.receive(withdrawn(asked))
            assert not await refusals(engagement)
            receiver.holding.set()
            await sending
        assert await refusals(engagement) == refused
    assert len(await engagement.events(WebhookDelivered)) == 1


async def test_an_attempt_that_nobody_ended_is_made_again_and_its_late_end_counts_for_nothing(
    engagement: RunningService, clock: VirtualClock
) -> None:
    async with receiving([200, 404]) as receiver:
        receiver.holding = asyncio.Event()
        await ask(engagement, receiver)
        slow = asyncio.create_task(service.deliver_due(engagement.db))
        await eventually(lambda: len(receiver.told) == 1, what="the first call")
        # A virtual clock moves while no unit of work is open, as a process that hangs lets time pass.
        await clock.advance_to(clock.now() + service.LEASE)
        again = asyncio.create_task(service.deliver_due(engagement.db))
        await eventually(lambda: len(receiver.told) == 2, what="the second call")
        receiver.holding.set()
        await asyncio.gather(slow, again)

    outcomes = [*await engagement.events(WebhookDelivered), *await engagement.events(WebhookRefused)]
    assert len(outcomes) == 1
    assert await engagement.db.fetchval("SELECT count(*) FROM webhook_attempt") == 1


async def test_twelve_who_deliver_at_once_make_each_call_once(engagement: RunningService) -> None:
    async with receiving() as receiver:
        await make_endpoint(engagement, url=receiver.url())
        asked = [requested(CallWebhook(endpoint="crm"), member_id=uuid4()) for _ in range(30)]
        await engagement.receive(*asked)
        await asyncio.gather(*(service.deliver_due(engagement.db) for _ in range(3)))

    assert sorted(told.headers["webhook-id"] for told in receiver.told) == sorted(str(one.action_id) for one in asked)
    assert len(await engagement.events(WebhookDelivered)) == 30


async def test_a_withdrawal_and_a_lease_at_once_have_one_outcome(engagement: RunningService) -> None:
    async with receiving() as receiver:
        await make_endpoint(engagement, url=receiver.url())
        asked = [requested(CallWebhook(endpoint="crm"), member_id=uuid4()) for _ in range(6)]
        await engagement.receive(*asked)
        delivering = asyncio.create_task(service.deliver_due(engagement.db))
        await race(engagement.db, *[partial(errands.withdraw, asked=[received(withdrawn(one))]) for one in asked])
        await delivering
        await service.deliver_due(engagement.db)

    outcomes = [
        *(delivered.action_id for delivered in await engagement.events(WebhookDelivered)),
        *(refused.action_id for refused in await engagement.events(WebhookRefused)),
    ]
    assert sorted(outcomes) == sorted(one.action_id for one in asked)
    assert len(receiver.told) == len(await engagement.events(WebhookDelivered))


async def test_an_operator_sends_one_again_under_the_same_id_and_nothing_more_is_told(
    engagement: RunningService, clock: VirtualClock
) -> None:
    async with receiving([404]) as receiver:
        await ask(engagement, receiver)
        await service.deliver_due(engagement.db)
        status, view = await resend(engagement)
        assert (status, view["state"]) == (202, "refused")
        await service.deliver_due(engagement.db)
        await service.deliver_due(engagement.db)

    assert len(receiver.told) == 2
    assert len({told.headers["webhook-id"] for told in receiver.told}) == 1
    assert await refusals(engagement) == ["answered_no"]
    assert not await engagement.events(WebhookDelivered)
    [delivery] = await listed(engagement)
    assert (delivery["state"], delivery["attempts"], delivery["due_at"]) == ("refused", 2, None)
    await clock.advance_to(clock.now() + timedelta(days=3))
    status, problem = await resend(engagement)
    assert (status, problem["code"]) == (409, "delivery_over")


async def test_one_that_waits_can_be_sent_now_and_one_withdrawn_never(engagement: RunningService) -> None:
    async with receiving([500]) as receiver:
        asked = await ask(engagement, receiver)
        await service.deliver_due(engagement.db)
        await service.deliver_due(engagement.db)
        assert len(receiver.told) == 1
        assert (await resend(engagement))[0] == 202
        await service.deliver_due(engagement.db)
        assert len(receiver.told) == 2
        await engagement.receive(withdrawn(asked))
        assert (await resend(engagement))[0] == 202  # delivered before it was withdrawn

    other = requested(CallWebhook(endpoint="crm"), member_id=uuid4())
    await engagement.receive(other, withdrawn(other))
    [over] = await listed(engagement, state="refused")
    headers = engagement.headers(Role.OPERATOR, key="new")
    answer = await engagement.client.post(f"{PATH}/{over['id']}/resend", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "delivery_over")


async def test_deliveries_are_listed_by_endpoint_state_and_member_in_pages(engagement: RunningService) -> None:
    async with receiving() as receiver:
        members = [(await ask(engagement, receiver)).member_id for _ in range(3)]

    assert [one["member_id"] for one in await listed(engagement, member_id=members[1])] == [str(members[1])]
    assert len(await listed(engagement, endpoint="crm", state="waiting")) == 3
    assert await listed(engagement, endpoint="other") == []
    headers = engagement.headers(Role.OPERATOR)
    first = (await engagement.client.get(f"{PATH}?limit=2", headers=headers)).json()
    rest = (await engagement.client.get(f"{PATH}?cursor={first['next_cursor']}", headers=headers)).json()
    assert [one["member_id"] for one in first["items"] + rest["items"]] == [str(one) for one in reversed(members)]
    missing = await engagement.client.get(f"{PATH}/{uuid4()}", headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "delivery_not_found")


async def test_a_key_without_end_is_set_aside(engagement: RunningService) -> None:
    async with receiving() as receiver:
        await ask(engagement, receiver, key="k" * 1001)

    assert await engagement.db.fetchval("SELECT reason FROM dead_letter") == "poison"
    assert await engagement.db.fetchval("SELECT count(*) FROM errand") == 0
