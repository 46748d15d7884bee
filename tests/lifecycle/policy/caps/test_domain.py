"""Caps count what is sent, in the business's own days, weeks and months."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendars.domain import Calendar
from lifecycle.policy.caps.domain import Cap, Keep, Period, Send, biting, free_at, remembered

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # a Monday, noon in Shanghai
PERIODS: tuple[Period, ...] = ("day", "week", "month")

some_moments = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
some_zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Pacific/Apia"]).map(
    lambda name: Calendar(ZoneInfo(name))
)
some_caps = st.builds(
    Cap,
    sent_as=st.sampled_from(["promo", "service"]),
    most=st.integers(1, 4),
    per=st.sampled_from(PERIODS),
    channel=st.sampled_from([None, "wecom"]),
    keep=st.none() | st.builds(Keep, priority=st.integers(1, 100), slots=st.integers(1, 2)),
)


def sent(at: datetime, sent_as: str = "promo", channels: tuple[str, ...] = ("inbox",)) -> Send:
    return Send(at, sent_as, channels, "some_rule", "", 1)


def bites(
    cap: Cap,
    sends: Sequence[Send],
    at: datetime = NOON,
    *,
    sent_as: str = "promo",
    channels: Sequence[str] = ("inbox",),
    priority: int = 50,
) -> bool:
    found = biting([cap], sends, at=at, sent_as=sent_as, channels=channels, priority=priority, calendar=SHANGHAI)
    return found is not None


@pytest.mark.parametrize(
    ("per", "earlier", "bitten"),
    [
        ("day", timedelta(hours=12), True),  # midnight in Shanghai
        ("day", timedelta(hours=12, seconds=1), False),
        ("week", timedelta(hours=12), True),
        ("week", timedelta(hours=12, seconds=1), False),  # Sunday
        ("month", timedelta(days=22, hours=12), True),
        ("month", timedelta(days=22, hours=12, seconds=1), False),  # October
    ],
)
def test_a_period_is_the_businesss_own(per: Period, earlier: timedelta, *, bitten: bool) -> None:
    assert bites(Cap(sent_as="promo", most=1, per=per), [sent(NOON - earlier)]) is bitten


def test_classes_and_channels_are_counted_apart() -> None:
    promo, wecom = Cap(sent_as="promo", most=1, per="day"), Cap(sent_as="promo", most=1, per="day", channel="wecom")
    assert not bites(promo, [sent(NOON)], sent_as="service")
    assert not bites(promo, [sent(NOON, "service")])
    assert not bites(wecom, [sent(NOON)], channels=["wecom"])
    assert not bites(wecom, [sent(NOON, channels=("wecom",))])
    assert bites(wecom, [sent(NOON, channels=("inbox", "wecom"))], channels=["wecom"])
    assert bites(promo, [sent(NOON, channels=())], channels=[])


def test_kept_places_are_for_high_priorities_only() -> None:
    cap = Cap(sent_as="promo", most=3, per="week", keep=Keep(70, 1))
    two = [sent(NOON), sent(NOON)]
    assert bites(cap, two, priority=69)
    assert not bites(cap, two, priority=70)
    assert bites(cap, [*two, sent(NOON)], priority=100)


def test_of_several_caps_the_one_that_is_free_last_is_named() -> None:
    caps = [Cap(sent_as="promo", most=1, per=per) for per in ("day", "month", "week")]
    found = biting(caps, [sent(NOON)], at=NOON, sent_as="promo", channels=[], priority=0, calendar=SHANGHAI)
    assert found == caps[1]


@given(cap=some_caps, at=some_moments, calendar=some_zones)
def test_a_full_cap_is_free_when_its_next_period_begins_and_not_before(
    cap: Cap, at: datetime, calendar: Calendar
) -> None:
    full = [sent(at, cap.sent_as, ("wecom",))] * cap.most
    free = free_at(cap, at, calendar)

    def is_full(moment: datetime) -> bool:
        return bool(
            biting([cap], full, at=moment, sent_as=cap.sent_as, channels=["wecom"], priority=100, calendar=calendar)
        )

    assert at < free
    assert is_full(at)
    assert is_full(free - timedelta(microseconds=1))
    assert not is_full(free)


@given(data=st.data(), calendar=some_zones)
def test_no_order_of_trying_lets_more_through_than_a_cap_allows(data: st.DataObject, calendar: Calendar) -> None:
    cap = data.draw(some_caps)
    tries = sorted(data.draw(st.lists(st.tuples(some_moments, st.integers(0, 100)), max_size=40)))
    sends: tuple[Send, ...] = ()
    for at, priority in tries:
        sends = remembered(sends, at=at, calendar=calendar)
        if not biting(
            [cap], sends, at=at, sent_as=cap.sent_as, channels=["wecom"], priority=priority, calendar=calendar
        ):
            sends = (*sends, sent(at, cap.sent_as, ("wecom",)))
            period = [each for each in sends if free_at(cap, each.at, calendar) == free_at(cap, at, calendar)]
            assert len(period) <= cap.most


@given(cap=some_caps, moments=st.lists(some_moments, max_size=20), at=some_moments, calendar=some_zones)
def test_what_is_forgotten_never_counts_again(
    cap: Cap, moments: list[datetime], at: datetime, calendar: Calendar
) -> None:
    sends = [sent(moment, cap.sent_as, ("wecom",)) for moment in moments if moment <= at]
    kept = remembered(sends, at=at, calendar=calendar)
    for later in (at, at + timedelta(days=1), at + timedelta(days=8)):
        asked = {"at": later, "sent_as": cap.sent_as, "channels": ["wecom"], "priority": 0, "calendar": calendar}
        assert biting([cap], sends, **asked) == biting([cap], kept, **asked)  # type: ignore[arg-type]  # one dict for both
