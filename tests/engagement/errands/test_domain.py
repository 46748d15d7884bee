from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from common.contracts.lifecycle import SendMessage
from engagement.audience.domain import Audience
from engagement.errands.domain import obstacle
from factories.members import requested

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ANN, GONE = UUID(int=1), UUID(int=2)
AUDIENCE = Audience(erased=frozenset({GONE}), permitted=frozenset({(ANN, "promo"), (GONE, "promo")}))


@pytest.mark.parametrize(
    ("member_id", "consent", "left", "expected"),
    [
        (ANN, None, timedelta(0), None),
        (ANN, "promo", timedelta(0), None),
        (ANN, None, timedelta(microseconds=-1), "expired"),
        (ANN, "survey", timedelta(1), "no_consent"),
        (uuid4(), "promo", timedelta(1), "no_consent"),
        (GONE, "promo", timedelta(1), "unknown_member"),
        (GONE, "survey", timedelta(-1), "expired"),
    ],
)
def test_the_first_thing_in_the_way_is_the_reason(
    member_id: UUID, consent: str | None, left: timedelta, expected: str | None
) -> None:
    asked = requested(
        SendMessage(template="hello", channel="inbox"), member_id=member_id, consent=consent, valid_until=NOW + left
    )

    assert obstacle(asked, now=NOW, audience=AUDIENCE) == expected
