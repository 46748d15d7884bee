from datetime import UTC, datetime, timedelta

from common.bus.moments import earliest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_earliest_is_known_when_all_are() -> None:
    assert earliest([NOON, NOON - timedelta(hours=1)]) == NOON - timedelta(hours=1)
    assert earliest([NOON, None]) is None
    assert earliest([]) is None
