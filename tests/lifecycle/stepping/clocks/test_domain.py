from datetime import UTC, datetime, timedelta

from lifecycle.stepping.clocks.domain import logical_time, watermark

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_members_time_never_goes_back() -> None:
    assert logical_time(None, NOON) == NOON
    assert logical_time(NOON, NOON + MINUTE) == NOON + MINUTE
    assert logical_time(NOON, NOON - MINUTE) == NOON


def test_time_moves_members_up_to_what_every_producer_has_completed() -> None:
    stated = {"orders": NOON, "members": NOON - MINUTE, "engagement": NOON + MINUTE}
    assert watermark(stated, stated) == NOON - MINUTE
    assert watermark(["orders"], stated) == NOON


def test_a_producer_that_stated_nothing_holds_time() -> None:
    assert watermark(["orders", "members"], {"orders": NOON}) is None
    assert watermark([], {}) is None
