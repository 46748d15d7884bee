from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from common.auth.access import Operator, public
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from orders.campaigns import service
from orders.campaigns.schemas import CampaignChange, CampaignSkuTerms, CampaignView, NewCampaign
from orders.catalogue.schemas import ByCode

router = APIRouter(tags=["campaigns"])


@router.post("/campaigns", operation_id="draft_campaign", status_code=201, response_model=CampaignView)
async def draft_campaign(body: NewCampaign, _: Operator, db: Db, key: OnceKey) -> Response:
    """Draft a group-buying campaign 團購活動; nobody sees it until it is published."""

    async def action(uow: UnitOfWork) -> CampaignView:
        return await service.draft(uow, body)

    return await run_once(db, key, action)


@router.get("/campaigns", operation_id="list_campaigns", dependencies=[Depends(public)])
async def list_campaigns(
    db: Db,
    pages: PageQuery,
    code: ByCode = None,
    only_open: Annotated[bool, Query(description="Only those whose window is open now.")] = False,
) -> Page[CampaignView]:
    """Published campaigns, the newest first."""
    campaigns = await service.list_newest(
        db, statuses=["published", "closed"], before=pages.after, limit=pages.limit, code=code, only_open=only_open
    )
    return page(campaigns, limit=pages.limit, last_id=campaigns[-1].id if campaigns else None)


@router.get("/campaign-drafts", operation_id="list_campaign_drafts")
async def list_campaign_drafts(db: Db, _: Operator, pages: PageQuery, code: ByCode = None) -> Page[CampaignView]:
    """Campaigns that are not published yet, the newest first."""
    campaigns = await service.list_newest(db, statuses=["draft"], before=pages.after, limit=pages.limit, code=code)
    return page(campaigns, limit=pages.limit, last_id=campaigns[-1].id if campaigns else None)


@router.get("/campaigns/{campaign_id}", operation_id="get_campaign", dependencies=[Depends(public)])
async def get_campaign(campaign_id: UUID, db: Db) -> CampaignView:
    """One campaign that is or was published, with what it sells."""
    return await service.get(db, campaign_id, drafts=False)


@router.patch("/campaigns/{campaign_id}", operation_id="change_campaign")
async def change_campaign(campaign_id: UUID, body: CampaignChange, _: Operator, db: Db) -> CampaignView:
    """Change a campaign; from its opening on only its name and its end."""
    async with db.transaction() as uow:
        return await service.change(uow, campaign_id, body)


@router.put("/campaigns/{campaign_id}/skus/{sku_id}", operation_id="put_campaign_sku")
async def put_campaign_sku(
    campaign_id: UUID, sku_id: UUID, body: CampaignSkuTerms, _: Operator, db: Db
) -> CampaignView:
    """Add what a campaign sells, or change its price and cap; from the opening on only the cap."""
    async with db.transaction() as uow:
        return await service.put_sku(uow, campaign_id, sku_id, body)


@router.delete("/campaigns/{campaign_id}/skus/{sku_id}", operation_id="remove_campaign_sku", status_code=204)
async def remove_campaign_sku(campaign_id: UUID, sku_id: UUID, _: Operator, db: Db) -> Response:
    """Take a SKU out of a campaign that has not opened."""
    async with db.transaction() as uow:
        await service.remove_sku(uow, campaign_id, sku_id)
    return Response(status_code=204)


@router.post("/campaigns/{campaign_id}/publish", operation_id="publish_campaign")
async def publish_campaign(campaign_id: UUID, _: Operator, db: Db) -> CampaignView:
    """Show a campaign, and sell in its window."""
    async with db.transaction() as uow:
        return await service.publish(uow, campaign_id)


@router.post("/campaigns/{campaign_id}/close", operation_id="close_campaign")
async def close_campaign(campaign_id: UUID, _: Operator, db: Db) -> CampaignView:
    """End an open campaign now 截單; orders placed until now stand."""
    async with db.transaction() as uow:
        return await service.close(uow, campaign_id)


@router.post("/campaigns/{campaign_id}/cancel", operation_id="cancel_campaign")
async def cancel_campaign(campaign_id: UUID, _: Operator, db: Db) -> CampaignView:
    """Sell nothing of a campaign any more; its orders stand until each is cancelled or refunded."""
    async with db.transaction() as uow:
        return await service.cancel(uow, campaign_id)
