from datetime import UTC, datetime, timedelta

import pytest

from common.contracts.lifecycle import SendMessage
from engagement.messages.domain import refusal

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("template", "channel", "left", "expected"),
    [
        ("hello", "inbox", timedelta(0), None),
        ("hello", "inbox", timedelta(microseconds=-1), "expired"),
        ("hello", "pigeon", timedelta(1), "unknown_channel"),
        ("bye", "inbox", timedelta(1), "unknown_template"),
        ("bye", "pigeon", timedelta(-1), "expired"),
    ],
)
def test_the_first_thing_in_the_way_is_the_reason(
    template: str, channel: str, left: timedelta, expected: str | None
) -> None:
    action = SendMessage(template=template, channel=channel)

    assert refusal(action, valid_until=NOW + left, now=NOW, channels={"inbox"}, templates={"hello"}) == expected
