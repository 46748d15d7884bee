from typing import Annotated

from fastapi import APIRouter, Path, Response

from common.auth.access import Operator
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.teams import service
from engagement.teams.schemas import ChangeTeam, CreateTeam, TeamView

router = APIRouter(prefix="/teams", tags=["tasks"])

TeamCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


@router.post("", operation_id="create_team", status_code=201, response_model=TeamView)
async def create_team(body: CreateTeam, _: Operator, db: Db, key: OnceKey) -> Response:
    """Declare a team 小組; its code is its name for policies and stays."""

    async def action(uow: UnitOfWork) -> TeamView:
        return TeamView(**dict(await service.create(uow, code=body.code, name=body.name)))

    return await run_once(db, key, action)


@router.get("", operation_id="list_teams")
async def list_teams(_: Operator, db: Db, pages: PageQuery) -> Page[TeamView]:
    """All teams, oldest first."""
    rows = await service.list_all(db, after=pages.after, limit=pages.limit)
    views = [TeamView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


@router.get("/{code}", operation_id="get_team")
async def get_team(code: TeamCode, _: Operator, db: Db) -> TeamView:
    """One team."""
    return TeamView(**dict(await service.get(db, code)))


@router.patch("/{code}", operation_id="change_team")
async def change_team(code: TeamCode, body: ChangeTeam, _: Operator, db: Db) -> TeamView:
    """Change what is named in the body; tasks that it has already stay its own."""
    async with db.transaction() as uow:
        row = await service.change(uow, code, **body.model_dump(exclude_unset=True))
    return TeamView(**dict(row))
