import pytest

from common.contracts.lifecycle import SendMessage
from engagement.messages.domain import refusal


@pytest.mark.parametrize(
    ("template", "channel", "expected"),
    [
        ("hello", "inbox", None),
        ("hello", "pigeon", "unknown_channel"),
        ("bye", "inbox", "unknown_template"),
        ("bye", "pigeon", "unknown_channel"),
    ],
)
def test_the_first_thing_in_the_way_is_the_reason(template: str, channel: str, expected: str | None) -> None:
    assert refusal(SendMessage(template=template, channel=channel), channels={"inbox"}, templates={"hello"}) == expected
