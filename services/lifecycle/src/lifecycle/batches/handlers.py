from collections.abc import Sequence
from typing import Any

from common.bus.records import Received
from common.db import UnitOfWork
from lifecycle.batches import service


async def step_members(uow: UnitOfWork, events: Sequence[Received[Any]]) -> None:
    """Step every member by their events, in log order."""
    await service.take(uow, events)
