from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Code, Text
from engagement.teams.domain import State

TeamName = Annotated[Text, Field(max_length=64)]


class CreateTeam(BaseModel):
    """A team to declare."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    name: TeamName


class ChangeTeam(BaseModel):
    """What to change; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    name: TeamName = Field(default_factory=str)
    state: State = Field(default_factory=lambda: "active", description="A retired one is given no more tasks.")


class TeamView(BaseModel):
    """A team 小組 of the shop."""

    id: UUID
    code: str
    name: str
    state: State
    created_at: datetime
