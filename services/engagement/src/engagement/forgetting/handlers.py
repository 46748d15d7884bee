from collections.abc import Sequence

from common.bus.records import Received
from common.contracts.members import MemberErased
from common.db import UnitOfWork
from engagement.forgetting import service


async def on_member_erased(uow: UnitOfWork, events: Sequence[Received[MemberErased]]) -> None:
    await service.forget(uow, {received.event.member_id for received in events})
