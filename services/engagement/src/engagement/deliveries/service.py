"""Webhooks from the queue to the shop's endpoints. No call is made inside a transaction: one takes the attempt, with a lease, and
another notes how it ended; who takes too long has lost the attempt to somebody else. One outcome is told of each action.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import time
from uuid import UUID

from common import timers
from common.bus.records import Received
from common.connection import Record
from common.contracts.engagement import WebhookDelivered, WebhookRefused
from common.contracts.envelope import Envelope
from common.contracts.lifecycle import ActionRequested, CallWebhook
from common.db import Database, UnitOfWork
from common.ids import new_id
from common.loops import together
from engagement.adapters.outgoing import Answer, Outgoing
from engagement.audience import service as audiences
from engagement.channels.domain import sign
from engagement.deliveries import repository
from engagement.deliveries.domain import Delivery, Standing, after, body_of, obstacle, verdict_on
from engagement.errands.domain import Outcome
from engagement.errors import DeliveryNotFound, DeliveryOver
from engagement.metrics import EngagementMetrics
from engagement.webhooks import service as webhooks
from engagement.webhooks.service import Target

AT_ONCE = 20
LEASE = timedelta(minutes=1)
"""Longer than a call may take."""

Leased = tuple[Record, Target]


async def next_due(db: Database) -> datetime | None:
    """When the next webhook is sent, or sent again, or a timer fires."""
    due = [await repository.next_due(db), await timers.next_due(db)]
    return min((moment for moment in due if moment is not None), default=None)


async def carry_out(uow: UnitOfWork, asked: Sequence[Received[ActionRequested]]) -> list[Outcome]:
    """Queue the webhooks among the actions."""
    wanted = [(one.event, action) for one in asked if isinstance(action := one.event.action, CallWebhook)]
    known = await webhooks.targets(uow, {action.endpoint for _, action in wanted})
    await repository.queue(
        uow,
        [
            (
                *(new_id(), event.action_id, event.member_id, action.endpoint),
                *(event.rule, event.key, event.consent, uow.now, event.valid_until),
            )
            for event, action in wanted
            if action.endpoint in known
        ],
    )
    return [
        Outcome(action_id=event.action_id, queued=True)
        if action.endpoint in known
        else Outcome(action_id=event.action_id, reason="unknown_endpoint")
        for event, action in wanted
    ]


async def tell(uow: UnitOfWork, asked: Sequence[Received[ActionRequested]], settled: Mapping[UUID, Record]) -> None:
    """What became of the webhooks among the actions; of one that waits, nothing yet."""
    wanted = [(one, action) for one in asked if isinstance(action := one.event.action, CallWebhook)]
    deliveries = await repository.find_by_actions(uow, [one.event.action_id for one, _ in wanted])
    for one, action in wanted:
        action_id = one.event.action_id
        if action_id in deliveries:
            _tell(uow, deliveries[action_id], cause=one.envelope)
        else:
            told = {name: settled[action_id][name] for name in ("action_id", "member_id", "reason")}
            uow.append(WebhookRefused(**told, endpoint=action.endpoint), cause=one.envelope)


async def withdraw(uow: UnitOfWork, actions: Mapping[UUID, Envelope]) -> None:
    """Stop those that wait; what became of one that is being sent right now is told when that is known."""
    for row in await repository.withdraw(uow, actions):
        _tell(uow, row, cause=actions[row["action_id"]])


async def deliver_due(db: Database) -> None:
    """Make every attempt that is due."""
    while leased := await _take(db):
        await together(*(_deliver(db, row, target) for row, target in leased))


async def _take(db: Database) -> list[Leased]:
    """Begin the attempts that are due, and end what must not be tried (any more)."""
    while True:
        async with db.transaction() as uow:
            due = await repository.find_due(uow, limit=AT_ONCE)
            targets = await webhooks.targets(uow, {row["endpoint"] for row in due})
            audience = await audiences.of(uow, [(row["member_id"], row["consent"]) for row in due])
            free: list[UUID] = []
            for row in due:
                reason = obstacle(_delivery(row), now=uow.now, audience=audience, endpoints=targets)
                if reason is None:
                    free.append(row["id"])
                elif row["state"] == "waiting":
                    await _settle(uow, row, Standing("refused", reason))
                else:
                    await repository.settle(uow, row["id"], Standing(row["state"], row["reason"]))
            rows = await repository.lease(uow, free, until=uow.now + LEASE) if free else []
        if rows or not due:
            return [(row, targets[row["endpoint"]]) for row in rows]


async def _deliver(db: Database, row: Record, target: Target) -> None:
    outgoing: Outgoing = db.resources.outgoing
    delivery = _delivery(row)
    body, name, timestamp = body_of(delivery), str(delivery.action_id), int(time())
    signatures = (sign(secret, delivery_id=name, timestamp=timestamp, body=body) for secret in target.secrets)
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
    answer = await outgoing.post(target.url, headers=headers, body=body)
    async with db.transaction() as uow:
        await _note(uow, row, answer)


async def _note(uow: UnitOfWork, leased: Record, answer: Answer) -> None:
    """How an attempt ended, unless it took so long that another was begun."""
    row = await repository.lock_attempt(uow, leased["id"], number=leased["attempts"])
    if row is None:
        return
    await repository.insert_attempt(
        uow,
        delivery_id=row["id"],
        number=row["attempts"],
        milliseconds=answer.milliseconds,
        status=answer.status,
        fault=answer.fault,
    )
    verdict = verdict_on(answer.status, answer.fault)
    if verdict == "gone":
        await webhooks.disable(uow, row["endpoint"])
    dice = random.random()  # noqa: S311 - jitter is no secret
    standing = after(_delivery(row), verdict, now=uow.now, dice=dice)
    metrics: EngagementMetrics = uow.resources.metrics
    uow.on_commit.append(metrics.webhook_attempts.labels(row["endpoint"], verdict).inc)
    if row["state"] == "waiting":
        await _settle(uow, row, standing)
    else:
        await repository.settle(uow, row["id"], standing)


async def _settle(uow: UnitOfWork, row: Record, standing: Standing) -> None:
    settled = await repository.settle(uow, row["id"], standing)
    if settled is not None:
        _tell(uow, settled)


def _tell(uow: UnitOfWork, row: Record, *, cause: Envelope | None = None) -> None:
    """What became of it; nothing while it waits."""
    told = {name: row[name] for name in ("action_id", "member_id", "endpoint")}
    if row["state"] == "delivered":
        uow.append(WebhookDelivered(**told, delivered_at=row["settled_at"]), cause=cause)
    elif row["state"] == "refused":
        uow.append(WebhookRefused(**told, reason=row["reason"]), cause=cause)


def _delivery(row: Record) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__dataclass_fields__})


async def resend(uow: UnitOfWork, delivery_id: UUID) -> Record:
    """Have it tried once more, or now. What was told of it stays. Raises DeliveryNotFound or DeliveryOver."""
    row = await repository.resend(uow, delivery_id)
    if row is not None:
        return row
    row = await get(uow, delivery_id)
    if row["sending"]:
        raise DeliveryOver("it is being sent right now")
    raise DeliveryOver("it is over: withdrawn, forbidden, or past its valid_until")


async def get(reader: Database | UnitOfWork, delivery_id: UUID) -> Record:
    """Raises DeliveryNotFound."""
    row = await repository.find(reader, delivery_id)
    if row is None:
        raise DeliveryNotFound(f"there is no delivery {delivery_id}")
    return row


async def list_attempts(db: Database, delivery_id: UUID) -> list[Record]:
    """The newest 50, the newest first."""
    return await repository.list_attempts(db, delivery_id)


async def list_some(
    db: Database, *, endpoint: str | None, state: str | None, member_id: UUID | None, before: UUID | None, limit: int
) -> list[Record]:
    """Newest first."""
    return await repository.list_some(
        db, endpoint=endpoint, state=state, member_id=member_id, before=before, limit=limit
    )
