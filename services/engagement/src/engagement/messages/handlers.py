from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.lifecycle import ActionRequested, SendMessage
from common.db import UnitOfWork
from engagement.messages import service


async def on_action_requested(uow: UnitOfWork, events: Sequence[Received[ActionRequested]]) -> None:
    """Send the messages among the actions; rewards are members'."""
    asked = [(one, one.event.action) for one in events if isinstance(one.event.action, SendMessage)]
    if asked:
        await service.carry_out(uow, asked)
