from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

ActionState = Literal["requested", "unknown", "done", "refused", "failed", "undoing", "undone", "kept"]


class ActionView(BaseModel):
    """Something asked for a member 動作, and what became of it."""

    action_id: UUID
    member_id: UUID
    rule: str
    key: str = Field(description="What the rule acted on, once: an episode, an event; empty for a rule that acts once.")
    attempt: int
    kind: str
    detail: dict[str, Any] = Field(description="What exactly: a template, a channel, an amount of points.")
    state: ActionState = Field(
        description="`unknown`: asked again, because nothing was heard. `undoing`: asked to be taken back; `kept`: could not be."
    )
    reason: str | None = Field(description="Why it was refused, or kept.")
    asks: int = Field(description="How often it was asked for, always under the same id.")
    at: datetime = Field(description="When the rule was triggered.")
    valid_until: datetime
    requested_at: datetime
    settled_at: datetime | None


class ActionCount(BaseModel):
    """How many actions of a rule are in a state."""

    rule: str
    kind: str
    state: ActionState
    actions: int


class ActionCounts(BaseModel):
    """Every rule that ever acted."""

    items: list[ActionCount]
