from typing import Annotated

from fastapi import APIRouter, Path, Response

from common.auth.access import Operator
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.templates import service
from engagement.templates.schemas import ChangeTemplate, CreateTemplate, TemplateView

router = APIRouter(prefix="/message-templates", tags=["messages"])

TemplateCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


@router.post("", operation_id="create_message_template", status_code=201, response_model=TemplateView)
async def create_message_template(body: CreateTemplate, _: Operator, db: Db, key: OnceKey) -> Response:
    """Make a message template 消息模板; its code is its name for policies and stays."""

    async def action(uow: UnitOfWork) -> TemplateView:
        return TemplateView(**dict(await service.create(uow, body.model_dump())))

    return await run_once(db, key, action)


@router.get("", operation_id="list_message_templates")
async def list_message_templates(_: Operator, db: Db, pages: PageQuery) -> Page[TemplateView]:
    """All message templates, oldest first."""
    rows = await service.list_all(db, after=pages.after, limit=pages.limit)
    views = [TemplateView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


@router.get("/{code}", operation_id="get_message_template")
async def get_message_template(code: TemplateCode, _: Operator, db: Db) -> TemplateView:
    """One message template."""
    return TemplateView(**dict(await service.get(db, code)))


@router.patch("/{code}", operation_id="change_message_template")
async def change_message_template(code: TemplateCode, body: ChangeTemplate, _: Operator, db: Db) -> TemplateView:
    """Change what is named in the body; messages that were sent stay as they were."""
    async with db.transaction() as uow:
        row = await service.change(uow, code, body.model_dump(exclude_unset=True))
    return TemplateView(**dict(row))
