from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.http.fields import Code, Text

MOST_IDENTITIES = 500
UserId = Annotated[Text, Field(max_length=128, description="Who it is, at the channel.")]


class ChannelIdentity(BaseModel):
    """Who writes under a name of a channel."""

    model_config = ConfigDict(extra="forbid")
    channel: Code
    user_id: UserId
    member_id: UUID


class SetChannelIdentities(BaseModel):
    """Names of channels and whose they are; each name once."""

    model_config = ConfigDict(extra="forbid")
    identities: list[ChannelIdentity] = Field(min_length=1, max_length=MOST_IDENTITIES)

    @model_validator(mode="after")
    def _each_once(self) -> "SetChannelIdentities":
        names = {(identity.channel, identity.user_id) for identity in self.identities}
        if len(names) < len(self.identities):
            raise ValueError("a name of a channel stands there twice")
        return self


class IdentitiesSet(BaseModel):
    """What was done."""

    changed: int = Field(description="How many are new or another member's now.")
