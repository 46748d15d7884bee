from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from common.db import UnitOfWork
from engagement.errands import service
from engagement.errands.domain import KINDS, kind_of


async def on_action_requested(uow: UnitOfWork, events: Sequence[Received[ActionRequested]]) -> None:
    """Do the messages, tasks and webhooks among the actions; rewards are members'."""
    ours = [one for one in events if kind_of(one.event.action) in KINDS]
    if ours:
        await service.carry_out(uow, ours)


async def on_action_withdrawn(uow: UnitOfWork, events: Sequence[Received[ActionWithdrawn]]) -> None:
    """Undo the messages, tasks and webhooks among the actions, or keep them from being done."""
    ours = [one for one in events if one.event.kind in KINDS]
    if ours:
        await service.withdraw(uow, ours)
