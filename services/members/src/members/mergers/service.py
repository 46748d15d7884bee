"""Who is whom. The database allows no circle: a root is older than who is merged into it."""

from uuid import UUID

from common.connection import Record
from common.contracts.members import MemberMerged, MemberUnmerged
from common.db import Database, UnitOfWork
from common.ids import new_id
from members.errors import AlreadyMerged, MemberNotFound, MergerInvalid, NotMerged
from members.mergers import repository
from members.mergers.domain import root_and_other

MOST = 1_000
"""Accounts of one person that are shown."""


async def merge(uow: UnitOfWork, member_id: UUID, *, into: UUID, actor_id: UUID) -> Record:
    """One of two accounts is the other's from now on. Raises MemberNotFound, MergerInvalid, AlreadyMerged."""
    if member_id == into:
        raise MergerInvalid("into: that is the member itself")
    await repository.take_alone(uow)
    accounts = await repository.lock_accounts(uow, member_id, into)
    for each in (member_id, into):
        if each not in accounts:
            raise MemberNotFound(f"there is no member {each}")
        root_id = accounts[each]["root_id"]
        if root_id is not None:
            raise AlreadyMerged(
                f"member {each} is {root_id} already; merge that one", current={"root_id": str(root_id)}
            )
    root, other = root_and_other(*((accounts[each]["registered_at"], each) for each in (member_id, into)))
    made = await repository.merge(
        uow, member_id=other[1], registered_at=other[0], root_id=root[1], root_registered_at=root[0]
    )
    if made is None:
        raise AlreadyMerged(f"member {other[1]} is another already")
    uow.append(MemberMerged(member_id=other[1], root_id=root[1], merged_at=made["changed_at"]))
    await repository.note(
        uow,
        new_id(),
        member_id=other[1],
        root_id=root[1],
        change="merged",
        actor_id=actor_id,
        at=made["changed_at"],
    )
    return made


async def unmerge(uow: UnitOfWork, member_id: UUID, *, actor_id: UUID) -> Record:
    """The merger was a mistake: the account is on its own again. Raises MemberNotFound, NotMerged."""
    await repository.take_alone(uow)
    if member_id not in await repository.lock_accounts(uow, member_id):
        raise MemberNotFound(f"there is no member {member_id}")
    parted = await _part(uow, member_id, actor_id=actor_id, others=False)
    if not parted:
        raise NotMerged(f"member {member_id} is nobody else")
    return parted[0]


async def end(uow: UnitOfWork, member_id: UUID) -> None:
    """The account is about to be erased: it is nobody's, and nobody is it. Others of the person stay as they are."""
    await repository.take_alone(uow)
    await _part(uow, member_id, actor_id=member_id, others=True)


async def identities(db: Database, member_id: UUID) -> tuple[UUID, list[Record]]:
    """The root of the person, and who was merged. Raises MemberNotFound."""
    root_id = await repository.root_of(db, member_id)
    if root_id is None:
        raise MemberNotFound(f"there is no member {member_id}")
    return root_id, await repository.below(db, root_id, limit=MOST)


async def _part(uow: UnitOfWork, member_id: UUID, *, actor_id: UUID, others: bool) -> list[Record]:
    parted = await repository.part(uow, member_id, others=others)
    for row in parted:
        uow.append(MemberUnmerged(member_id=row["member_id"], root_id=row["left_id"], unmerged_at=row["changed_at"]))
        await repository.note(
            uow,
            new_id(),
            member_id=row["member_id"],
            root_id=row["left_id"],
            change="unmerged",
            actor_id=actor_id,
            at=row["changed_at"],
        )
    return parted
