from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.auth.principal import Role

Channel = Annotated[
    str,
    Field(
        pattern="^[a-z][a-z0-9_]{0,31}$",
        description="How they came: `wechat`, `assisted`, a campaign's code.",
        examples=["wechat"],
    ),
]
Subject = Annotated[str, Field(min_length=1, max_length=128, description="Who this is, at the identity provider.")]


class RegisterMember(BaseModel):
    """A person to register on their behalf 代客註冊."""

    model_config = ConfigDict(extra="forbid")
    channel: Channel = "assisted"
    referrer_id: UUID | None = Field(None, description="The member who brought them.")
    external_id: Subject | None = Field(
        None, description="Who they are in another system; registering the same again gives the same member."
    )


class MemberView(BaseModel):
    """A member, without anything personal."""

    id: UUID
    channel: str
    referrer_id: UUID | None
    registered_at: datetime
    roles: list[Role]
