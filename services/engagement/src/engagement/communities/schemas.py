from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Text

ShortCode = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"),
    Field(description="Short and stable, as orders' pick-up points have it.", examples=["store-1"]),
]
State = Literal["open", "closed"]
Name = Annotated[Text, Field(max_length=64)]


class CreateCommunity(BaseModel):
    """A community to open."""

    model_config = ConfigDict(extra="forbid")
    code: ShortCode
    name: Name
    pickup_point_code: ShortCode | None = Field(None, description="The pick-up point 自提點 it gathers around.")
    leader_id: UUID | None = Field(None, description="The member who leads it 團長.")


class ChangeCommunity(BaseModel):
    """What to change; what is not named stays. Only what may be absent may be null."""

    model_config = ConfigDict(extra="forbid")
    name: Name = Field(default_factory=str)
    pickup_point_code: ShortCode | None = None
    leader_id: UUID | None = None
    state: State = Field(default_factory=lambda: "open", description="A closed one takes no new members.")


class CommunityView(BaseModel):
    """A community 社群, and how many are in it."""

    id: UUID
    code: str
    name: str
    pickup_point_code: str | None
    leader_id: UUID | None
    state: State
    members: int
    created_at: datetime


class OwnCommunity(BaseModel):
    """A community that a member is in."""

    id: UUID
    code: str
    name: str
    pickup_point_code: str | None
    state: State
    joined_at: datetime


class MembershipView(BaseModel):
    """A member of a community."""

    member_id: UUID
    joined_at: datetime
