from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.db import Database, UnitOfWork
from lifecycle.errors import MemberErased, MemberUnknown
from lifecycle.members import repository
from lifecycle.members.domain import Member, decode, encode
from lifecycle.members.repository import Row


@dataclass(frozen=True, slots=True)
class Loaded:
    """A member's row, locked."""

    member: Member
    lane: int
    armed_at: datetime | None
    """When their timer is due."""
    waits: bool
    """Whether events wait for them."""


async def load(uow: UnitOfWork, members: Collection[UUID]) -> dict[UUID, Loaded]:
    """Those of the members that are known, locked in the order of their ids."""
    return {
        row["member_id"]: Loaded(decode(row["state"]), row["lane"], row["armed_at"], row["waits"])
        for row in await repository.lock(uow, members)
    }


async def save(uow: UnitOfWork, members: Sequence[tuple[Member, int, datetime | None]]) -> None:
    """(member, lane, when to wake them at the latest)."""
    if members:
        await repository.save(uow, [_row(member, lane, due_at) for member, lane, due_at in members])


async def get_member(db: Database, member_id: UUID) -> Member:
    """Who stands for that id: the member, or who they are now. Raises MemberUnknown, MemberErased."""
    asked, seen = member_id, set[UUID]()
    while member_id not in seen:
        seen.add(member_id)
        state = await repository.find_state(db, member_id)
        if state is None:
            break
        member = decode(state)
        if member.is_erased:
            raise MemberErased(f"member {member_id} is erased; nothing is kept of them")
        if member.root is None:
            return member
        member_id = member.root
    raise MemberUnknown(f"nothing has happened to a member {asked} yet")


async def list_members(
    db: Database, *, after: UUID | None, stage: str | None, health: str | None, limit: int
) -> list[Member]:
    """In the order of their ids."""
    states = await repository.list_states(db, after=after, stage=stage, health=health, limit=limit)
    return [decode(state) for state in states]


def _row(member: Member, lane: int, due_at: datetime | None) -> Row:
    stage, health = (member.stage, member.health) if member.stands else (None, None)
    return Row(member.member_id, lane, encode(member), stage, health, due_at, member.version)
