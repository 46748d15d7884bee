from collections.abc import Collection, Sequence
from uuid import UUID

from common.db import UnitOfWork
from engagement.channels import repository


async def set_identities(uow: UnitOfWork, identities: Sequence[tuple[str, str, UUID]]) -> int:
    """(channel, user id, member): the last word counts. How many were changed by it."""
    return await repository.set_identities(uow, identities, at=uow.now)


async def members_of(uow: UnitOfWork, *, channel: str, users: Collection[str]) -> dict[str, UUID]:
    """User id → member, for those that are known."""
    rows = await repository.find_members(uow, channel=channel, users=users)
    return {row["user_id"]: row["member_id"] for row in rows}


async def forget(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    """Whoever writes under their names is nobody we know."""
    await repository.delete_of(uow, member_ids)
