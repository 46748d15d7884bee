from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orders.campaigns.domain import CampaignTerms, Phase, Status, require_changeable
from orders.errors import CampaignStarted

OPENS = datetime(2026, 3, 2, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=1)
CAMPAIGN = CampaignTerms(status="published", opens_at=OPENS, closes_at=CLOSES, coupons_allowed=True)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("status", "now", "phase"),
    [
        ("draft", OPENS, "draft"),
        ("cancelled", OPENS, "cancelled"),
        ("published", OPENS - INSTANT, "scheduled"),
        ("published", OPENS, "open"),
        ("published", CLOSES - INSTANT, "open"),
        ("published", CLOSES, "closed"),
    ],
)
def test_the_phase_follows_from_status_and_window(status: Status, now: datetime, phase: Phase) -> None:
    assert replace(CAMPAIGN, status=status).phase(now) == phase


def test_what_buyers_rely_on_is_frozen_at_the_opening() -> None:
    require_changeable(CAMPAIGN, now=OPENS - INSTANT, frozen=True)
    require_changeable(CAMPAIGN, now=OPENS, frozen=False)
    with pytest.raises(CampaignStarted):
        require_changeable(CAMPAIGN, now=OPENS, frozen=True)


@pytest.mark.parametrize("frozen", [True, False])
def test_what_is_over_does_not_change(frozen: bool) -> None:
    with pytest.raises(CampaignStarted):
        require_changeable(CAMPAIGN, now=CLOSES, frozen=frozen)
    with pytest.raises(CampaignStarted):
        require_changeable(replace(CAMPAIGN, status="cancelled"), now=OPENS - INSTANT, frozen=frozen)
