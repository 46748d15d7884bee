from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Code
from engagement.templates.schemas import MOST_PLACEHOLDERS, PlaceholderName, PlaceholderValue


class SendMessage(BaseModel):
    """What to send a member."""

    model_config = ConfigDict(extra="forbid")
    template: Code
    channel: Literal["inbox", "log"] = "inbox"
    values: Annotated[dict[PlaceholderName, PlaceholderValue], Field(max_length=MOST_PLACEHOLDERS)] = Field(
        default_factory=dict, description="What stands at the placeholders; the template's own words where absent."
    )


class MessageView(BaseModel):
    """A message to a member; in their inbox it is a letter 站內信."""

    id: UUID
    template: str
    channel: str
    text_zh: str
    text_en: str
    sent_at: datetime
    read_at: datetime | None


class InboxView(BaseModel):
    """The state of a member's inbox."""

    unread: int
