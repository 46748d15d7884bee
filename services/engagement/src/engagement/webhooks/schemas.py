from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Code
from engagement.webhooks.domain import State

Url = Annotated[
    str,
    StringConstraints(max_length=500, pattern=r"^https?://[\x21-\x7e]+$"),
    Field(description="On a host that `OUTGOING_HOSTS` names.", examples=["https://api.shop.example/huitou"]),
]


class CreateEndpoint(BaseModel):
    """An endpoint to declare."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    url: Url


class ChangeEndpoint(BaseModel):
    """What to change; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    url: Url = Field(default_factory=str)
    state: State = Field(default_factory=lambda: "active", description="Nothing is told to a disabled one.")


class EndpointView(BaseModel):
    """An endpoint of the shop's own that is told of members."""

    id: UUID
    code: str
    url: str
    state: State
    rotated_at: datetime = Field(description="Since when the present secret signs; the one before does for a day more.")
    created_at: datetime


class EndpointWithSecret(EndpointView):
    """An endpoint with its present secret, which is shown this once."""

    secret: str = Field(description="Verifies `webhook-signature` (Standard Webhooks).")
