from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Code, Moment
from engagement.tasks.domain import Ending, State

Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[^\x00]*$"),
    Field(description="What the team should know; erased with the member."),
]


class OpenTask(BaseModel):
    """A task that an operator gives to a team."""

    model_config = ConfigDict(extra="forbid")
    member_id: UUID
    team: Code
    due_at: Moment
    note: Note = ""


class CloseTask(BaseModel):
    """How it ended."""

    model_config = ConfigDict(extra="forbid")
    outcome: Ending
    note: Note | None = Field(None, description="Replaces the one before.")


class TaskView(BaseModel):
    """A task 待辦 about a member, without what is written down of it."""

    id: UUID
    member_id: UUID
    team: str
    rule: str | None = Field(description="The rule that asked for it; null: an operator did.")
    due_at: datetime
    state: State
    taken_by: UUID | None
    opened_at: datetime
    closed_at: datetime | None


class TaskDetails(TaskView):
    """A task with its note."""

    note: str
