from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from common.connection import Record
from common.contracts.engagement import CommunityJoined, CommunityLeft
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.communities import repository
from engagement.errors import CommunityClosed, CommunityExists, CommunityNotFound
from engagement.metrics import EngagementMetrics


async def create(uow: UnitOfWork, fields: Mapping[str, Any]) -> Record:
    community_id = new_id()
    if not await repository.insert(uow, community_id=community_id, at=uow.now, fields=fields):
        raise CommunityExists(f"code: there is a community {fields['code']!r} already")
    return await get(uow, community_id)


async def get(reader: Database | UnitOfWork, community_id: UUID) -> Record:
    row = await repository.find(reader, community_id)
    if row is None:
        raise CommunityNotFound(f"there is no community {community_id}")
    return row


async def list_all(
    db: Database, *, code: str | None, pickup_point_code: str | None, after: UUID | None, limit: int
) -> list[Record]:
    return await repository.list_all(db, code=code, pickup_point_code=pickup_point_code, after=after, limit=limit)


async def join(uow: UnitOfWork, *, community_id: UUID, member_id: UUID) -> Record:
    """The community, with the member in it. Who is in it already stays, and nothing is told. Raises CommunityClosed."""
    if await repository.join(uow, community_id=community_id, member_id=member_id, at=uow.now):
        _count(uow, "joined")
        uow.append(CommunityJoined(community_id=community_id, member_id=member_id, joined_at=uow.now))
        return await get(uow, community_id)
    community = await get(uow, community_id)
    if not await repository.is_member(uow, community_id=community_id, member_id=member_id):
        raise CommunityClosed("the community takes no new members")
    return community


async def leave(uow: UnitOfWork, *, community_id: UUID, member_id: UUID) -> None:
    """Who is not in it is not told."""
    if await repository.leave(uow, community_id=community_id, member_id=member_id, at=uow.now):
        _count(uow, "left")
        uow.append(CommunityLeft(community_id=community_id, member_id=member_id, left_at=uow.now))
        return
    await get(uow, community_id)


async def list_members(
    db: Database, community_id: UUID, *, leader_id: UUID | None, after: UUID | None, limit: int
) -> list[Record]:
    """Raises CommunityNotFound, with a `leader_id` also for a community that somebody else leads."""
    if not await repository.exists(db, community_id, leader_id=leader_id):
        raise CommunityNotFound(f"there is no community {community_id}")
    return await repository.list_members(db, community_id=community_id, after=after, limit=limit)


async def list_of_member(db: Database, member_id: UUID, *, after: UUID | None, limit: int) -> list[Record]:
    return await repository.list_of_member(db, member_id=member_id, after=after, limit=limit)


async def change(uow: UnitOfWork, community_id: UUID, changes: Mapping[str, Any]) -> Record:
    locked = await repository.lock(uow, community_id)
    if locked is None:
        raise CommunityNotFound(f"there is no community {community_id}")
    await repository.update(uow, community_id=community_id, fields={**dict(locked), **changes})
    return await get(uow, community_id)


async def known(uow: UnitOfWork, community_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are communities."""
    return await repository.known(uow, community_ids)


def _count(uow: UnitOfWork, change: str) -> None:
    metrics: EngagementMetrics = uow.resources.metrics
    uow.on_commit.append(metrics.memberships.labels(change).inc)
