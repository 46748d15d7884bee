from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from common.http.fields import Moment
from orders.campaigns.domain import Phase
from orders.catalogue.schemas import Amount, ItemCode, Name

MOST_SKUS = 200
Cap = Annotated[int, Field(strict=True, ge=0, le=10**12, description="Units that it sells at most; null: no cap.")]


class CampaignSkuTerms(BaseModel):
    """At which price, and how many at most."""

    model_config = ConfigDict(extra="forbid")
    price_minor: Amount
    cap: Cap | None = None


class NewCampaignSku(CampaignSkuTerms):
    """What a campaign sells."""

    sku_id: UUID


class NewCampaign(BaseModel):
    """A group-buying campaign 團購活動: its window 團期, its goods, its prices. It begins as a draft."""

    model_config = ConfigDict(extra="forbid")
    code: ItemCode
    name: Name
    opens_at: Moment
    closes_at: Moment
    coupons_allowed: StrictBool = Field(default=True, description="Whether coupons count for its goods.")
    skus: Annotated[list[NewCampaignSku], Field(default_factory=list, max_length=MOST_SKUS)]


class CampaignChange(BaseModel):
    """What to change; what is not named stays. From the opening on only the name and the end change."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    coupons_allowed: StrictBool | None = None


class CampaignSkuView(BaseModel):
    """What a campaign sells."""

    sku_id: UUID
    price_minor: int
    cap: int | None
    left: int | None = Field(description="Units that it still sells; null: no cap.")


class CampaignView(BaseModel):
    """A group-buying campaign 團購活動."""

    id: UUID
    code: str
    name: str
    phase: Phase
    opens_at: datetime
    closes_at: datetime
    coupons_allowed: bool
    skus: list[CampaignSkuView]
