"""Carrying out what the lifecycle asks for, each once: its row is taken first, and the outcome told as often as asked.

A withdrawal takes the same row: what comes later is refused, what was done is undone where it can be. A message that was sent
stays sent.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from common.db import UnitOfWork
from engagement.audience import service as audiences
from engagement.deliveries import service as deliveries
from engagement.errands import repository
from engagement.errands.domain import Outcome, kind_of, obstacle
from engagement.messages import service as messages
from engagement.metrics import EngagementMetrics
from engagement.tasks import service as tasks

Asked = Received[ActionRequested]

CARRY_OUT: Sequence[Callable[[UnitOfWork, Sequence[Asked]], Awaitable[list[Outcome]]]] = (
    messages.carry_out,
    tasks.carry_out,
    deliveries.carry_out,
)
"""Each does what is of its kind, in whose way nothing stands, and was not done before."""

TELL: Sequence[Callable[[UnitOfWork, Sequence[Asked], Mapping[UUID, Record]], Awaitable[None]]] = (
    messages.tell,
    tasks.tell,
    deliveries.tell,
)
"""Each tells of what is of its kind, as it is stored."""


async def carry_out(uow: UnitOfWork, asked: Sequence[Asked]) -> None:
    """Do what was not done before, and tell of every action what became of it. A refusal is an outcome, not an error."""
    first = {one.event.action_id: one for one in reversed(asked)}
    fresh = await repository.claim(
        uow, [(action_id, one.event.member_id, kind_of(one.event.action)) for action_id, one in first.items()]
    )
    outcomes = await _do(
        uow, [one for one in asked if one is first[one.event.action_id] and one.event.action_id in fresh]
    )
    await repository.settle(uow, outcomes)
    metrics: EngagementMetrics = uow.resources.metrics
    for outcome in outcomes:
        kind = kind_of(first[outcome.action_id].event.action)
        uow.on_commit.append(metrics.errands.labels(kind, outcome.reason or outcome.name).inc)
    settled = await repository.find(uow, first)
    for tell in TELL:
        await tell(uow, asked, settled)


async def _do(uow: UnitOfWork, asked: Sequence[Asked]) -> list[Outcome]:
    audience = await audiences.of(uow, [(one.event.member_id, one.event.consent) for one in asked])
    outcomes: list[Outcome] = []
    possible: list[Asked] = []
    for one in asked:
        reason = obstacle(one.event, now=uow.now, audience=audience)
        if reason is None:
            possible.append(one)
        else:
            outcomes.append(Outcome(action_id=one.event.action_id, reason=reason))
    for carry in CARRY_OUT:
        outcomes += await carry(uow, possible)
    return outcomes


async def withdraw(uow: UnitOfWork, asked: Sequence[Received[ActionWithdrawn]]) -> None:
    """Close the tasks and stop the webhooks among them; what is asked for later is refused."""
    first = {one.event.action_id: one for one in reversed(asked)}
    rows = await repository.bury(
        uow, [(action_id, one.event.member_id, one.event.kind) for action_id, one in first.items()]
    )
    causes = {row["action_id"]: first[row["action_id"]].envelope for row in rows if row["outcome"] != "refused"}
    await tasks.withdraw(uow, causes)
    await deliveries.withdraw(uow, causes)
