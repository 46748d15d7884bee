from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.lifecycle import ActionWithdrawn
from common.contracts.orders import CouponRetained, CouponRevoked
from common.db import UnitOfWork
from members.rewards.domain import KINDS
from members.withdrawals import service


async def on_action_withdrawn(uow: UnitOfWork, events: Sequence[Received[ActionWithdrawn]]) -> None:
    """Take back the rewards among the actions; the rest is engagement's."""
    ours = [one for one in events if one.event.kind in KINDS]
    if ours:
        await service.withdraw(uow, ours)


async def on_recall_answered(
    uow: UnitOfWork, events: Sequence[Received[CouponRevoked] | Received[CouponRetained]]
) -> None:
    await service.answer(uow, events)
