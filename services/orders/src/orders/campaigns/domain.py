"""When a campaign sells, and what of it may still be changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orders.errors import CampaignNotOpen, CampaignStarted

Status = Literal["draft", "published", "closed", "cancelled"]
Phase = Literal["draft", "scheduled", "open", "closed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTerms:
    """What of a campaign 團購活動 a price depends on."""

    status: Status
    opens_at: datetime
    closes_at: datetime
    coupons_allowed: bool

    def phase(self, now: datetime) -> Phase:
        """Where in its life it is: the status says what people decided, the window 團期 the rest.

        Closing 截單 is a status beside the end of the window, since whoever began to order a moment earlier reads a clock
        that the window still covers.
        """
        if self.status != "published":
            return self.status
        if now < self.opens_at:
            return "scheduled"
        return "open" if now < self.closes_at else "closed"


def require_open(campaign: CampaignTerms, *, now: datetime) -> None:
    """Raises CampaignNotOpen."""
    match campaign.phase(now):
        case "open":
            return
        case "scheduled":
            raise CampaignNotOpen(f"campaign_id: the campaign opens at {campaign.opens_at.isoformat()}")
        case "closed":
            raise CampaignNotOpen(f"campaign_id: the campaign closed at {campaign.closes_at.isoformat()}")
        case phase:
            raise CampaignNotOpen(f"campaign_id: the campaign is {phase}")


def require_changeable(campaign: CampaignTerms, *, now: datetime, frozen: bool) -> None:
    """`frozen`: the change is to something that buyers rely on from the opening on. Raises CampaignStarted."""
    phase = campaign.phase(now)
    if phase in {"closed", "cancelled"}:
        raise CampaignStarted(f"the campaign is {phase}: it does not change any more")
    if phase == "open" and frozen:
        raise CampaignStarted("the campaign is open: only its name, its end and its caps still change")
