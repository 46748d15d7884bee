from typing import Annotated

from fastapi import APIRouter, Path, Response

from common.auth.access import AnyMember, Operator
from common.db import UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from members.templates import service
from members.templates.schemas import ChangeTemplate, CreateTemplate, Offer, TemplateView

router = APIRouter(tags=["coupons"])

TemplateCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


@router.post("/coupon-templates", operation_id="create_coupon_template", status_code=201, response_model=TemplateView)
async def create_coupon_template(
    body: CreateTemplate, _: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Make a kind of coupon 優惠券模板; its code is its name for policies and stays."""

    async def action(uow: UnitOfWork) -> TemplateView:
        return TemplateView(**dict(await service.create(uow, body.model_dump(), currency=runtime.settings.currency)))

    return await run_once(db, key, action)


@router.get("/coupon-templates", operation_id="list_coupon_templates")
async def list_coupon_templates(_: Operator, db: Db, pages: PageQuery) -> Page[TemplateView]:
    """All kinds of coupons, oldest first."""
    rows = await service.list_all(db, after=pages.after, limit=pages.limit)
    views = [TemplateView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)


@router.get("/coupon-templates/{code}", operation_id="get_coupon_template")
async def get_coupon_template(code: TemplateCode, _: Operator, db: Db) -> TemplateView:
    """One kind of coupon."""
    return TemplateView(**dict(await service.get(db, code)))


@router.patch("/coupon-templates/{code}", operation_id="change_coupon_template")
async def change_coupon_template(code: TemplateCode, body: ChangeTemplate, _: Operator, db: Db) -> TemplateView:
    """Change what is named in the body; coupons that were issued keep their terms."""
    async with db.transaction() as uow:
        row = await service.change(uow, code, body.model_dump(exclude_unset=True))
    return TemplateView(**dict(row))


@router.get("/coupon-offers", operation_id="list_coupon_offers")
async def list_coupon_offers(_: AnyMember, db: Db, pages: PageQuery) -> Page[Offer]:
    """Coupons that members may take by themselves now 領券中心."""
    rows = await service.list_offers(db, now=db.clock.now(), after=pages.after, limit=pages.limit)
    offers = [Offer(**{name: row[name] for name in Offer.model_fields}) for row in rows]
    return page(offers, limit=pages.limit, last_id=rows[-1]["id"] if rows else None)
