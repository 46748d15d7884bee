"""Group-buying campaigns 團購活動: drafted, published, open in their window, closed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from orders.campaigns import repository
from orders.campaigns.domain import CampaignTerms, Status, require_changeable
from orders.campaigns.schemas import (
    CampaignChange,
    CampaignSkuTerms,
    CampaignSkuView,
    CampaignView,
    NewCampaign,
    NewCampaignSku,
)
from orders.errors import (
    CampaignEmpty,
    CampaignNotFound,
    CampaignStarted,
    CapBelowPromised,
    CodeTaken,
    SkuNotFound,
    SkuUnknown,
    WindowInvalid,
)

_SHORTEST = timedelta(microseconds=1)


async def draft(uow: UnitOfWork, new: NewCampaign) -> CampaignView:
    _require_window(new.opens_at, new.closes_at, now=uow.now)
    campaign_id = new_id()
    try:
        await repository.insert(
            uow,
            campaign_id=campaign_id,
            code=new.code,
            name=new.name,
            opens_at=new.opens_at,
            closes_at=new.closes_at,
            coupons=new.coupons_allowed,
        )
    except asyncpg.UniqueViolationError as error:
        raise CodeTaken(f"code: another campaign has the code {new.code}") from error
    for sku in new.skus:
        await _put(uow, campaign_id, sku.sku_id, sku)
    return await get(uow, campaign_id)


async def change(uow: UnitOfWork, campaign_id: UUID, wanted: CampaignChange) -> CampaignView:
    campaign = await _lock(uow, campaign_id)
    frozen = wanted.opens_at is not None or wanted.coupons_allowed is not None
    require_changeable(campaign, now=uow.now, frozen=frozen)
    _require_window(wanted.opens_at or campaign.opens_at, wanted.closes_at or campaign.closes_at, now=uow.now)
    await repository.update(uow, campaign_id, **wanted.model_dump(exclude_none=True))
    return await get(uow, campaign_id)


async def put_sku(uow: UnitOfWork, campaign_id: UUID, sku_id: UUID, terms: CampaignSkuTerms) -> CampaignView:
    """Add or change what it sells. While it is open, only caps change."""
    campaign = await _lock(uow, campaign_id)
    known = await repository.find_sku(uow, campaign_id=campaign_id, sku_id=sku_id)
    frozen = known is None or known["price_minor"] != terms.price_minor
    require_changeable(campaign, now=uow.now, frozen=frozen)
    await _put(uow, campaign_id, sku_id, terms)
    return await get(uow, campaign_id)


async def remove_sku(uow: UnitOfWork, campaign_id: UUID, sku_id: UUID) -> None:
    require_changeable(await _lock(uow, campaign_id), now=uow.now, frozen=True)
    if not await repository.delete_sku(uow, campaign_id=campaign_id, sku_id=sku_id):
        raise SkuNotFound("the campaign does not sell this SKU")


async def publish(uow: UnitOfWork, campaign_id: UUID) -> CampaignView:
    campaign = await _lock(uow, campaign_id)
    if campaign.phase(uow.now) in {"closed", "cancelled"} or campaign.closes_at <= uow.now:
        raise CampaignStarted("the campaign is over: draft a new one")
    if not await repository.list_skus(uow, [campaign_id]):
        raise CampaignEmpty("the campaign sells nothing yet: add its SKUs first")
    await repository.update(uow, campaign_id, status="published")
    return await get(uow, campaign_id)


async def close(uow: UnitOfWork, campaign_id: UUID) -> CampaignView:
    """End it now 截單. Orders placed until now stand; none joins after the commit."""
    campaign = await _lock(uow, campaign_id)
    phase = campaign.phase(uow.now)
    if phase in {"draft", "scheduled"}:
        raise CampaignStarted("the campaign has not opened; cancel it instead")
    if phase == "open":
        closes_at = max(uow.now, campaign.opens_at + _SHORTEST)
        await repository.update(uow, campaign_id, closes_at=closes_at, status="closed")
    return await get(uow, campaign_id)


async def cancel(uow: UnitOfWork, campaign_id: UUID) -> CampaignView:
    """Sell nothing of it any more. Its orders stand until each is cancelled or refunded."""
    await _lock(uow, campaign_id)
    await repository.update(uow, campaign_id, status="cancelled")
    return await get(uow, campaign_id)


async def get(reader: Database | UnitOfWork, campaign_id: UUID, *, drafts: bool = True) -> CampaignView:
    row = await repository.find(reader, campaign_id)
    if row is None or (row["status"] == "draft" and not drafts):
        raise CampaignNotFound(f"there is no campaign {campaign_id}")
    now = reader.now if isinstance(reader, UnitOfWork) else reader.clock.now()
    return _view(row, await repository.list_skus(reader, [campaign_id]), now=now)


async def list_newest(
    db: Database,
    *,
    statuses: Sequence[Status],
    before: UUID | None,
    limit: int,
    code: str | None,
    only_open: bool = False,
) -> list[CampaignView]:
    now = db.clock.now()
    rows = await repository.list_newest(
        db, statuses=statuses, before=before, limit=limit, open_at=now if only_open else None, code=code
    )
    skus = await repository.list_skus(db, [row["id"] for row in rows])
    return [_view(row, [sku for sku in skus if sku["campaign_id"] == row["id"]], now=now) for row in rows]


async def _lock(uow: UnitOfWork, campaign_id: UUID) -> CampaignTerms:
    row = await repository.lock(uow, campaign_id)
    if row is None:
        raise CampaignNotFound(f"there is no campaign {campaign_id}")
    return _terms(row)


async def _put(uow: UnitOfWork, campaign_id: UUID, sku_id: UUID, terms: CampaignSkuTerms | NewCampaignSku) -> None:
    try:
        await repository.put_sku(
            uow, campaign_id=campaign_id, sku_id=sku_id, price_minor=terms.price_minor, cap=terms.cap
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise SkuUnknown(f"sku_id: there is no SKU {sku_id}") from error
    except asyncpg.CheckViolationError as error:
        raise CapBelowPromised("cap: orders hold or have bought more than that") from error


def _require_window(opens_at: datetime, closes_at: datetime, *, now: datetime) -> None:
    if opens_at >= closes_at:
        raise WindowInvalid("closes_at: expected a moment after opens_at")
    if closes_at <= now:
        raise WindowInvalid("closes_at: expected a moment to come; what is open ends now when it is closed")


def _terms(row: Record) -> CampaignTerms:
    return CampaignTerms(
        status=row["status"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        coupons_allowed=row["coupons_allowed"],
    )


def _view(row: Record, skus: Sequence[Record], *, now: datetime) -> CampaignView:
    seen: dict[str, Any] = {**dict(row), "phase": _terms(row).phase(now)}
    return CampaignView(**seen, skus=[CampaignSkuView(**dict(sku)) for sku in skus])
