"""Forgetting members who are erased 刪除: whatever somebody wrote to them, of them, or they themselves, is emptied. What is
counted stays, under an id that leads to nobody.
"""

from collections.abc import Collection
from uuid import UUID

from common.db import UnitOfWork
from common.http.idempotency import forget_answers_about
from engagement.audience import service as audiences
from engagement.channels import service as channels
from engagement.chat import service as chat
from engagement.complaints import service as complaints
from engagement.messages import service as messages
from engagement.tasks import service as tasks


async def forget(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await audiences.erase(uow, member_ids)
    written = await messages.forget(uow, member_ids)
    await forget_answers_about(uow, written)
    await complaints.forget(uow, member_ids)
    await tasks.forget(uow, member_ids)
    await chat.forget(uow, member_ids)
    await channels.forget(uow, member_ids)
