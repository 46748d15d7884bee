from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.lifecycle import ActionRequested
from common.db import UnitOfWork
from members.rewards import service


async def on_action_requested(uow: UnitOfWork, events: Sequence[Received[ActionRequested]]) -> None:
    """Give the rewards among the actions; messages are engagement's."""
    rewards = [one for one in events if service.kind_of(one) is not None]
    if rewards:
        await service.carry_out(uow, rewards)
