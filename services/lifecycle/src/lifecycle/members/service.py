from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from common.db import Database, UnitOfWork
from lifecycle.errors import MemberErased, MemberUnknown
from lifecycle.members import repository
from lifecycle.members.domain import Member, decode, encode
from lifecycle.members.repository import Row


class Loaded(msgspec.Struct, frozen=True, gc=False):
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
    member = await root_of(db, await get_own(db, member_id))
    if not member.stands:
        raise MemberUnknown(f"nothing has happened to a member {member.root} yet, who {member_id} is")
    return member


async def root_of(db: Database, member: Member) -> Member:
    """Who they are now: themselves, or whom they were merged into, as far as anything has happened to that one."""
    seen = set[UUID]()
    while member.root is not None and member.root not in seen:
        seen.add(member.root)
        following = await find_own(db, member.root)
        if following is None:
            break
        member = following
    return member


async def merged_into(db: Database, member_id: UUID) -> UUID | None:
    """Who they are now, though what is asked for is their own; None: themselves. Raises MemberUnknown, MemberErased."""
    member = await get_own(db, member_id)
    root = await root_of(db, member)
    return None if root is member else root.root or root.member_id


async def get_own(db: Database, member_id: UUID) -> Member:
    """That member, also where another stands for them. Raises MemberUnknown, MemberErased."""
    member = await find_own(db, member_id)
    if member is None:
        raise MemberUnknown(f"nothing has happened to a member {member_id} yet")
    return member


async def find_own(db: Database, member_id: UUID) -> Member | None:
    """None: nothing has happened to them. Raises MemberErased."""
    state = await repository.find_state(db, member_id)
    member = decode(state) if state else None
    if member is not None and member.is_erased:
        raise MemberErased(f"member {member_id} is erased; nothing is kept of them 會員已刪除，資料不再保留")
    return member


async def list_members(
    db: Database, *, after: UUID | None, stage: str | None, health: str | None, limit: int
) -> list[Member]:
    """In the order of their ids."""
    states = await repository.list_states(db, after=after, stage=stage, health=health, limit=limit)
    return [decode(state) for state in states]


def _row(member: Member, lane: int, due_at: datetime | None) -> Row:
    stage, health = (member.stage, member.health) if member.stands else (None, None)
    return Row(member.member_id, lane, encode(member), stage, health, due_at, member.version)
