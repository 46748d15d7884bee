"""The ledger of consents 同意. Who changes it locks the member; who acts by it holds the member: so that no action that needs a
consent ends after its withdrawal.
"""

from collections.abc import Collection, Container
from uuid import UUID

from common.connection import Record
from common.contracts.members import ConsentChanged
from common.db import Database, UnitOfWork
from common.ids import new_id
from members.accounts import service as accounts
from members.consents import repository
from members.consents.domain import Consent, is_news
from members.errors import PurposeUnknown


async def say(
    uow: UnitOfWork, said: Consent, *, member_id: UUID, purpose: str, actor_id: UUID, purposes: Container[str]
) -> Record:
    """The entry that holds now. What changes nothing is neither written nor told. Raises PurposeUnknown.

    A yes can be withdrawn also when its purpose is asked for no more.
    """
    await accounts.lock_member(uow, member_id)
    before = await repository.find_last(uow, member_id=member_id, purpose=purpose)
    if purpose not in purposes and (said.given or before is None):
        raise PurposeUnknown(f"purpose: nobody is asked here for their consent to {purpose!r}")
    if before is not None and not is_news(said, before=Consent(version=before["version"], given=before["given"])):
        return before
    number = before["number"] + 1 if before is not None else 1
    await repository.insert(
        uow, entry_id=new_id(), member_id=member_id, purpose=purpose, number=number, said=said, actor_id=actor_id
    )
    uow.append(
        ConsentChanged(member_id=member_id, purpose=purpose, version=said.version, given=said.given, changed_at=uow.now)
    )
    entry = await repository.find_last(uow, member_id=member_id, purpose=purpose)
    if entry is None:
        raise RuntimeError(f"a consent of member {member_id} was written and is not there")
    return entry


async def given(uow: UnitOfWork, wanted: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Those (member, purpose) that are consented to. The members are held (`accounts.hold_members`)."""
    return await repository.find_given(uow, wanted) if wanted else set()


async def list_current(db: Database, member_id: UUID) -> list[Record]:
    """What holds, a row for each purpose that the member was ever asked about."""
    await accounts.get_member(db, member_id)
    return await repository.list_current(db, member_id)


async def list_entries(db: Database, member_id: UUID, *, before: UUID | None, limit: int) -> list[Record]:
    """The whole ledger, newest first."""
    await accounts.get_member(db, member_id)
    return await repository.list_entries(db, member_id=member_id, before=before, limit=limit)
