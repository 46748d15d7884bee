"""Who is whom, as it is read. A merger that would close a circle is refused: it ends in the dead letters."""

from collections.abc import Sequence

from common.bus.lanes import lane_of
from common.contracts.event import Event
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from common.db import UnitOfWork
from lifecycle.errors import MergedInCircle
from lifecycle.identities import repository


async def admit(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Note what these say of who is whom. Raises MergedInCircle."""
    changes = [event for event in events if isinstance(event, MemberMerged | MemberUnmerged | MemberErased)]
    if not changes:
        return
    await repository.take_alone(uow)
    for event in changes:
        member_id, lane = event.member_id, lane_of(event.subject)
        match event:
            case MemberMerged():
                if event.root_id == member_id or member_id in await repository.line_of(uow, event.root_id):
                    raise MergedInCircle(f"member {member_id} cannot be {event.root_id}, who is {member_id}")
                await repository.save(uow, member_id, lane, event.root_id, event.merged_at)
            case MemberUnmerged():
                await repository.save(uow, member_id, lane, None, event.unmerged_at)
            case MemberErased():
                await repository.forget(uow, [member_id])
