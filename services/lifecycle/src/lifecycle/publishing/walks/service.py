"""Walks over members in the background, a stretch at a time, each stretch with its progress in one transaction."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from common.bus.locks import EVERY_LANE
from common.db import Database, UnitOfWork
from lifecycle.errors import WalkTaken
from lifecycle.members.domain import Member, decode
from lifecycle.members.outlines.domain import Outline, outlined
from lifecycle.publishing.walks import repository
from lifecycle.publishing.walks.domain import Walk, WalkKind


async def begin(uow: UnitOfWork, what_for: int | UUID, kind: WalkKind) -> None:
    """Walk over everybody from the first on, also where that was done before."""
    await repository.begin(uow, str(what_for), kind, EVERY_LANE)


async def end(uow: UnitOfWork, what_for: int | UUID) -> None:
    """Walk no further for it."""
    await repository.end(uow, str(what_for))


async def unfinished(db: Database, lanes: Collection[int]) -> list[Walk]:
    """In the order in which they are to be done."""
    return [Walk(**dict(row)) for row in await repository.unfinished(db, lanes)]


async def made_for(reader: Database | UnitOfWork, what_for: int | UUID) -> list[Walk]:
    return [Walk(**dict(row)) for row in await repository.made_for(reader, str(what_for))]


async def is_finished(reader: Database | UnitOfWork, what_for: int | UUID, kind: WalkKind) -> bool:
    """Also when it was never to be done."""
    return all(walk.finished_at for walk in await made_for(reader, what_for) if walk.kind == kind)


async def next_members(reader: Database | UnitOfWork, walk: Walk, *, limit: int) -> list[Member]:
    """Those who come next, as they are."""
    rows = await repository.members_of(reader, walk.lane, after=walk.last_id, limit=limit)
    return [decode(row["state"]) for row in rows]


async def next_outlines(reader: Database | UnitOfWork, walk: Walk, *, limit: int) -> list[Outline]:
    """The same, as far as most walks need them."""
    rows = await repository.members_of(reader, walk.lane, after=walk.last_id, limit=limit)
    return [outlined(row["state"]) for row in rows]


async def advance(
    uow: UnitOfWork,
    walk: Walk,
    *,
    last_id: UUID | None = None,
    members: int = 0,
    found: dict[str, Any] | None = None,
    is_finished: bool,
) -> None:
    """Note that so many more are done, up to `last_id`. Raises WalkTaken when somebody else has carried it on meanwhile."""
    place = walk.what_for, walk.kind, walk.lane
    advanced = await repository.advance(
        uow,
        place,
        after=walk.last_id,
        last_id=last_id,
        members=members,
        found=walk.found if found is None else found,
        is_finished=is_finished,
    )
    if not advanced:
        raise WalkTaken(f"the {walk.kind} for {walk.what_for} in lane {walk.lane} was carried on by another")
