from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from common.auth.principal import Role
from common.connection import Record
from common.contracts.members import MemberRegistered
from common.db import Database, UnitOfWork
from common.ids import new_id
from members.accounts import repository
from members.errors import IdentityTaken, MemberNotFound, ReferrerUnknown
from members.metrics import MemberMetrics


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as a provider knows them; the hash stands for the name."""

    provider: str
    subject_hash: bytes


async def register(
    uow: UnitOfWork, *, channel: str, referrer_id: UUID | None = None, identity: Identity | None = None
) -> UUID:
    """Make a member, or give the one who has this identity already: their channel and referrer stay as they were."""
    if identity is not None:
        await repository.lock_identity(uow, identity.subject_hash)
        known = await repository.find_identity(uow, provider=identity.provider, subject_hash=identity.subject_hash)
        if known is not None:
            return known
    if referrer_id is not None and not await repository.member_exists(uow, referrer_id):
        raise ReferrerUnknown(f"referrer_id: there is no member {referrer_id}")
    member_id = new_id()
    await repository.insert_member(
        uow, member_id=member_id, channel=channel, referrer_id=referrer_id, registered_at=uow.now
    )
    if identity is not None and not await repository.insert_identity(
        uow, provider=identity.provider, subject_hash=identity.subject_hash, member_id=member_id, linked_at=uow.now
    ):
        raise IdentityTaken("this identity is another member's; sign in again")
    metrics: MemberMetrics = uow.resources.metrics
    uow.on_commit.append(metrics.registered.inc)
    uow.append(MemberRegistered(member_id=member_id, channel=channel, referrer_id=referrer_id, registered_at=uow.now))
    return member_id


async def get_member(reader: Database | UnitOfWork, member_id: UUID) -> Record:
    row = await repository.find_member(reader, member_id)
    if row is None:
        raise MemberNotFound(f"there is no member {member_id}")
    return row


async def hold_members(uow: UnitOfWork, member_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are members. Until the unit of work ends they are not erased, and consent to what they do now."""
    return await repository.hold_members(uow, member_ids)


async def hold_member(uow: UnitOfWork, member_id: UUID) -> None:
    """The same for one. Raises MemberNotFound."""
    if not await repository.hold_members(uow, [member_id]):
        raise MemberNotFound(f"there is no member {member_id}")


async def lock_member(uow: UnitOfWork, member_id: UUID) -> None:
    """Wait for whoever holds the member, and keep others out until the unit of work ends. Raises MemberNotFound."""
    if not await repository.lock_member(uow, member_id):
        raise MemberNotFound(f"there is no member {member_id}")


async def erase(uow: UnitOfWork, member_id: UUID) -> None:
    """Nobody signs in as them any more; what stays is an id. Raises MemberNotFound."""
    if not await repository.erase(uow, member_id):
        raise MemberNotFound(f"there is no member {member_id}")


def roles_of(row: Record) -> list[Role]:
    """Every member has the role of a member."""
    return [Role.MEMBER, *(Role(role) for role in row["roles"])]


async def grant_role(uow: UnitOfWork, *, member_id: UUID, role: Role, actor: str) -> bool:
    """False: nothing to do. The role holds from the next sign-in on. `actor`: who grants it, for the record."""
    await get_member(uow, member_id)
    if role is Role.MEMBER:
        return False
    granted = await repository.insert_role(uow, member_id=member_id, role=role.value, granted_at=uow.now)
    if granted:
        await _record(uow, member_id=member_id, role=role, change="granted", actor=actor)
    return granted


async def revoke_role(uow: UnitOfWork, *, member_id: UUID, role: Role, actor: str) -> bool:
    """False: they did not have it. Tokens already signed hold until they expire, at most 15 minutes."""
    await get_member(uow, member_id)
    revoked = await repository.delete_role(uow, member_id=member_id, role=role.value)
    if revoked:
        await _record(uow, member_id=member_id, role=role, change="revoked", actor=actor)
    return revoked


async def _record(uow: UnitOfWork, *, member_id: UUID, role: Role, change: str, actor: str) -> None:
    await repository.insert_role_change(
        uow, change_id=new_id(), member_id=member_id, role=role.value, change=change, actor=actor, at=uow.now
    )
