"""Errands 差事: what the lifecycle asks engagement to do, and what stands in the way of one, whatever its kind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from common.contracts.lifecycle import Action, ActionKind, ActionRequested
from engagement.audience.domain import Audience

KINDS: frozenset[ActionKind] = frozenset({"send_message", "assign_task", "call_webhook"})
"""What engagement carries out; rewards are members'."""


def kind_of(action: Action) -> str:
    return str(action.__struct_config__.tag)


Obstacle = Literal["expired", "unknown_member", "no_consent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an errand: a reason why not, a message, a place in the queue, or else it is done."""

    action_id: UUID
    reason: str | None = None
    message_id: UUID | None = None
    queued: bool = False

    @property
    def name(self) -> Literal["refused", "queued", "done"]:
        if self.reason is not None:
            return "refused"
        return "queued" if self.queued else "done"


def obstacle(asked: ActionRequested, *, now: datetime, audience: Audience) -> Obstacle | None:
    """Why it is not done; None: nothing stands in its way that would in every other's."""
    if asked.valid_until < now:
        return "expired"
    if asked.member_id in audience.erased:
        return "unknown_member"
    return None if audience.allows(asked.member_id, asked.consent) else "no_consent"
