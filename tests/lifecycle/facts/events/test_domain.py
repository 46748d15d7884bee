from datetime import date
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.event import Event
from factories.lifecycle import checked_in, ordered
from lifecycle.facts.events.domain import EVENTS, Kind, field_of, has_moment, kinds_of


@pytest.mark.parametrize(
    ("event", "field", "kind"),
    [
        ("order.confirmed", "channel", "text"),  # one of
        ("order.confirmed", "currency", "text"),
        ("order.confirmed", "amount_minor", "number"),
        ("order.confirmed", "campaign_id", "text"),  # optional
        ("order.confirmed", "confirmed_at", None),
        ("order.confirmed", "vanished", None),
        ("order.created", "lines", None),
        ("order.refunded", "full", "yes_no"),
        ("checkin.recorded", "business_day", "text"),
        ("checkin.recorded", "streak", "number"),
        ("profile.changed", "fields", None),
    ],
)
def test_a_field_has_a_kind_if_it_can_be_compared(event: str, field: str, kind: Kind | None) -> None:
    assert kinds_of(EVENTS[event]).get(field) == kind


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.NAME)
def test_policies_know_what_happens_to_members_and_nothing_else(event: type[Event]) -> None:
    assert kinds_of(event)["member_id"] == "text"
    assert event.producer() != "lifecycle"


def test_a_field_is_read_as_it_is_compared() -> None:
    campaign = UUID(int=9)
    order = msgspec.structs.replace(ordered(UUID(int=1), amount_minor=700), campaign_id=campaign)
    names = ("amount_minor", "channel", "campaign_id", "vanished")
    assert [field_of(order, name) for name in names] == [700, "self", str(campaign), None]
    assert field_of(ordered(UUID(int=1)), "campaign_id") is None
    assert field_of(checked_in(UUID(int=1), date(2026, 3, 2)), "business_day") == "2026-03-02"


@given(st.text(max_size=9))
def test_no_text_is_kept_that_no_row_can_hold(channel: str) -> None:
    order = msgspec.structs.replace(ordered(UUID(int=1)), channel=channel)
    kept = field_of(order, "channel")
    assert isinstance(kept, str)
    assert (len(kept), "\0" in kept) == (len(channel), False)
    assert kept == channel or "\0" in channel


def test_moments_are_told_from_days() -> None:
    assert has_moment(EVENTS["order.voided"], "confirmed_at")
    assert not has_moment(EVENTS["checkin.recorded"], "business_day")
    assert not has_moment(EVENTS["order.voided"], "vanished")
