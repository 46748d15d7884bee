from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Moment, Text
from engagement.channels.schemas import UserId

MOST_MESSAGES = 500
MOST_CHARACTERS = 4000


class IncomingMessage(BaseModel):
    """A message as the channel has it."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[Text, Field(max_length=128, description="The channel's own id of the message.")]
    community_id: UUID
    sender: UserId
    text: Annotated[str, StringConstraints(max_length=MOST_CHARACTERS, pattern=r"^[^\x00]*$")]
    sent_at: Moment


class Delivery(BaseModel):
    """Messages of one channel."""

    model_config = ConfigDict(extra="forbid")
    messages: list[IncomingMessage] = Field(min_length=1, max_length=MOST_MESSAGES)


class DeliveryTaken(BaseModel):
    """What became of a delivery's messages."""

    received: int
    stored: int = Field(description="New, and kept.")
    repeated: int = Field(description="Known by their id already.")
    unknown_senders: int = Field(description="Of those stored: nobody's we know; they are not counted for a member.")
    unknown_communities: int = Field(description="Not stored: there is no such community.")
    untimely: int = Field(description="Not stored: sent in the future, or more than 30 days ago.")


class ChatMessageView(BaseModel):
    """A message of a community's chat."""

    id: UUID
    channel: str
    sender: str
    member_id: UUID | None
    text: str
    sent_at: datetime
    received_at: datetime
