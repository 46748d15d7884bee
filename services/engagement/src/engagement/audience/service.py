"""For whom something may be done 受眾: what members consent to, as members told it last, and who is erased.

Whether a member exists at all only members know.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from common.contracts.members import ConsentChanged
from common.db import UnitOfWork
from engagement.audience import repository
from engagement.audience.domain import Audience
from engagement.errors import MemberGone


async def keep_consents(uow: UnitOfWork, told: Sequence[ConsentChanged]) -> None:
    """In the order told: of several about one purpose of a member the last holds."""
    last = {(event.member_id, event.purpose): event for event in told}
    await repository.keep_consents(uow, list(last.values()))


async def of(uow: UnitOfWork, asked: Collection[tuple[UUID, str | None]]) -> Audience:
    """What holds of the members that something is asked for, with the purpose that it needs a consent to. Their consents stay so
    until the unit of work ends.
    """
    wanted = {(member_id, purpose) for member_id, purpose in asked if purpose is not None}
    return Audience(
        erased=frozenset(await repository.find_erased(uow, {member_id for member_id, _ in asked})),
        permitted=frozenset(await repository.find_permitted(uow, wanted) if wanted else ()),
    )


async def hold(uow: UnitOfWork, member_id: UUID) -> None:
    """Let nobody forget the member until the unit of work ends, which writes down something of them. Raises MemberGone."""
    await repository.hold(uow, member_id)
    if await repository.find_erased(uow, [member_id]):
        raise MemberGone(f"member {member_id} is erased; nothing is kept of them")


async def erase(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    """Nothing is done for them, and nothing written down of them, from now on."""
    await repository.take_alone(uow, member_ids)
    await repository.insert_erased(uow, member_ids)
    await repository.delete_consents(uow, member_ids)
