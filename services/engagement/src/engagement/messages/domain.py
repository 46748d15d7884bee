"""Messages 消息, and what stands in the way of one that the lifecycle asks for."""

from collections.abc import Container
from typing import Literal, NamedTuple
from uuid import UUID

from common.contracts.lifecycle import SendMessage

Reason = Literal["unknown_template", "unknown_channel"]


class Message(NamedTuple):
    """A message to be written, its text filled in."""

    id: UUID
    member_id: UUID
    template: str
    channel: str
    text_zh: str
    text_en: str


def refusal(action: SendMessage, *, channels: Container[str], templates: Container[str]) -> Reason | None:
    """Why a message is not sent; None: nothing stands in its way. `templates`: those that are active."""
    if action.channel not in channels:
        return "unknown_channel"
    return None if action.template in templates else "unknown_template"
