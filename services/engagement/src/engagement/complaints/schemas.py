from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Code, Text
from engagement.complaints.domain import State


class OpenComplaint(BaseModel):
    """What a member is not content with."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    topic: Code = Field(description="One of those that `COMPLAINT_TOPICS` names.", examples=["quality"])
    text: Annotated[Text, Field(max_length=2000)]
    order_id: UUID | None = Field(None, description="The order that it is about.")


class ComplaintView(BaseModel):
    """A complaint 投訴, without its text."""

    id: UUID
    member_id: UUID
    topic: str
    order_id: UUID | None
    state: State
    opened_at: datetime
    closed_at: datetime | None


class ComplaintDetails(ComplaintView):
    """A complaint with its text."""

    text: str
