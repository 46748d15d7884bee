"""When a campaign sells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orders.errors import CampaignNotOpen

Phase = Literal["draft", "scheduled", "open", "closed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTerms:
    """What of a campaign 團購活動 a price depends on."""

    status: str
    opens_at: datetime
    closes_at: datetime
    coupons_allowed: bool


def phase_of(*, status: str, opens_at: datetime, closes_at: datetime, now: datetime) -> Phase:
    """Where in its life a campaign is: its status says what people decided, its window the rest."""
    if status == "draft":
        return "draft"
    if status == "cancelled":
        return "cancelled"
    if now < opens_at:
        return "scheduled"
    return "open" if now < closes_at else "closed"


def require_open(campaign: CampaignTerms, *, now: datetime) -> None:
    """Raises CampaignNotOpen."""
    phase = phase_of(status=campaign.status, opens_at=campaign.opens_at, closes_at=campaign.closes_at, now=now)
    if phase == "scheduled":
        raise CampaignNotOpen(f"campaign_id: the campaign opens at {campaign.opens_at.isoformat()}")
    if phase == "closed":
        raise CampaignNotOpen(f"campaign_id: the campaign closed at {campaign.closes_at.isoformat()}")
    if phase != "open":
        raise CampaignNotOpen("campaign_id: the campaign is not open")
