"""What is kept of members beside their own rows goes with them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from common.db import UnitOfWork
from lifecycle.actions import service as actions
from lifecycle.receipts import service as receipts
from lifecycle.standing.transitions import service as transitions


async def bury(uow: UnitOfWork, members: Mapping[UUID, datetime]) -> None:
    """Keep that something was decided, where they had been and what was asked for; no value of theirs. With the gate times."""
    if members:
        await receipts.forget(uow, members)
        await transitions.forget(uow, members)
        await actions.forget(uow, members)
