"""Where messages to members go: one port, several channels.

A channel is called once the message's row is committed, in the loop that serves everybody: it does nothing that waits. One
that talks to a network will take the message from its row, in its own time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that is being sent; its text is in its row."""

    message_id: UUID
    member_id: UUID
    template: str


class Channel(Protocol):
    def __call__(self, message: Outgoing) -> None: ...


def to_inbox(message: Outgoing) -> None:
    """In-app letters 站內信: the row is the letter."""


def to_log(message: Outgoing) -> None:
    """For trying out rules: a line with ids and codes, never the text."""
    log.info("message", message_id=str(message.message_id), member_id=str(message.member_id), template=message.template)


CHANNELS: Mapping[str, Channel] = {"inbox": to_inbox, "log": to_log}
