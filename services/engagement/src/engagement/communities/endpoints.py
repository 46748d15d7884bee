from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from common.auth.access import Allow, AnyMember, Operator
from common.auth.principal import Principal, Role
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.communities import service
from engagement.communities.schemas import (
    ChangeCommunity,
    CommunityView,
    CreateCommunity,
    MembershipView,
    OwnCommunity,
    ShortCode,
)

router = APIRouter(tags=["communities"])

Leader = Annotated[Principal, Depends(Allow(Role.LEADER, Role.OPERATOR))]
WantedCode = Annotated[ShortCode | None, Query(description="Only the one with this code.")]
WantedPoint = Annotated[ShortCode | None, Query(description="Only those around this pick-up point.")]


@router.post("/communities", operation_id="create_community", status_code=201, response_model=CommunityView)
async def create_community(body: CreateCommunity, _: Operator, db: Db, key: OnceKey) -> Response:
    """Open a community 社群."""

    async def action(uow: UnitOfWork) -> CommunityView:
        return CommunityView(**dict(await service.create(uow, body.model_dump())))

    return await run_once(db, key, action)


@router.get("/communities", operation_id="list_communities")
async def list_communities(
    _: AnyMember, db: Db, pages: PageQuery, code: WantedCode = None, pickup_point_code: WantedPoint = None
) -> Page[CommunityView]:
    """Communities, oldest first."""
    rows = await service.list_all(
        db, code=code, pickup_point_code=pickup_point_code, after=pages.after, limit=pages.limit
    )
    views = [CommunityView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


@router.get("/communities/{community_id}", operation_id="get_community")
async def get_community(community_id: UUID, _: AnyMember, db: Db) -> CommunityView:
    """One community."""
    return CommunityView(**dict(await service.get(db, community_id)))


@router.patch("/communities/{community_id}", operation_id="change_community")
async def change_community(community_id: UUID, body: ChangeCommunity, _: Operator, db: Db) -> CommunityView:
    """Change what is named in the body."""
    async with db.transaction() as uow:
        row = await service.change(uow, community_id, body.model_dump(exclude_unset=True))
    return CommunityView(**dict(row))


@router.get("/members/me/communities", operation_id="list_own_communities")
async def list_own_communities(principal: AnyMember, db: Db, pages: PageQuery) -> Page[OwnCommunity]:
    """The communities that the caller is in."""
    rows = await service.list_of_member(db, principal.id, after=pages.after, limit=pages.limit)
    views = [OwnCommunity(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


@router.put("/communities/{community_id}/members/me", operation_id="join_community")
async def join_community(community_id: UUID, principal: AnyMember, db: Db) -> CommunityView:
    """Join a community; who is in it already stays."""
    async with db.transaction() as uow:
        row = await service.join(uow, community_id=community_id, member_id=principal.id)
    return CommunityView(**dict(row))


@router.delete("/communities/{community_id}/members/me", operation_id="leave_community", status_code=204)
async def leave_community(community_id: UUID, principal: AnyMember, db: Db) -> Response:
    """Leave a community."""
    async with db.transaction() as uow:
        await service.leave(uow, community_id=community_id, member_id=principal.id)
    return Response(status_code=204)


@router.put("/communities/{community_id}/members/{member_id}", operation_id="add_community_member")
async def add_community_member(community_id: UUID, member_id: UUID, _: Operator, db: Db) -> CommunityView:
    """Let a member join on their behalf."""
    async with db.transaction() as uow:
        row = await service.join(uow, community_id=community_id, member_id=member_id)
    return CommunityView(**dict(row))


@router.delete(
    "/communities/{community_id}/members/{member_id}", operation_id="remove_community_member", status_code=204
)
async def remove_community_member(community_id: UUID, member_id: UUID, _: Operator, db: Db) -> Response:
    """Let a member leave on their behalf."""
    async with db.transaction() as uow:
        await service.leave(uow, community_id=community_id, member_id=member_id)
    return Response(status_code=204)


@router.get("/communities/{community_id}/members", operation_id="list_community_members")
async def list_community_members(
    community_id: UUID, principal: Leader, db: Db, pages: PageQuery
) -> Page[MembershipView]:
    """Who is in a community; leaders see their own."""
    leader_id = None if principal.has(Role.OPERATOR) else principal.id
    rows = await service.list_members(db, community_id, leader_id=leader_id, after=pages.after, limit=pages.limit)
    views = [MembershipView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].member_id if views else None)
