"""Erasing a member 刪除: their key is destroyed, so that their data cannot be read from any copy either."""

from uuid import UUID

from common.contracts.members import MemberErased
from common.db import UnitOfWork
from members.accounts import service as accounts
from members.mergers import service as mergers
from members.profiles import service as profiles


async def erase(uow: UnitOfWork, member_id: UUID) -> None:
    """Ledgers stay, under an id that leads to nobody. Raises MemberNotFound, also for who is erased already."""
    await mergers.end(uow, member_id)
    await accounts.erase(uow, member_id)
    await profiles.forget(uow, member_id)
    uow.append(MemberErased(member_id=member_id, erased_at=uow.now))
