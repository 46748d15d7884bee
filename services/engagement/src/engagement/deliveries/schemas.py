from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from engagement.deliveries.domain import Reason, State


class DeliveryView(BaseModel):
    """A webhook that a rule asked for; to the endpoint its `webhook-id` is the action's id."""

    id: UUID
    action_id: UUID
    member_id: UUID
    endpoint: str
    rule: str
    asked_at: datetime
    valid_until: datetime
    state: State
    reason: Reason | None
    attempts: int
    due_at: datetime | None = Field(description="When it is tried (again).")
    settled_at: datetime | None


class AttemptView(BaseModel):
    """How one attempt ended: with the endpoint's status, or with a fault before one."""

    number: int
    ended_at: datetime
    milliseconds: int
    status: int | None
    fault: str | None


class DeliveryDetails(DeliveryView):
    """A webhook with its latest attempts, newest first."""

    tried: list[AttemptView]
