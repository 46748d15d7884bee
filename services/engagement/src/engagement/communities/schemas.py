from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Code, Text

PointCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Name = Annotated[Text, Field(max_length=64)]


class CreateCommunity(BaseModel):
    """A community to open."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    name: Name
    pickup_point_code: PointCode | None = Field(None, description="The pick-up point 自提點 it gathers around.")
    leader_id: UUID | None = Field(None, description="The member who leads it 團長.")


class CommunityView(BaseModel):
    """A community 社群, and how many are in it."""

    id: UUID
    code: str
    name: str
    pickup_point_code: str | None
    leader_id: UUID | None
    state: Literal["open", "closed"]
    members: int
    created_at: datetime


class MembershipView(BaseModel):
    """A member of a community."""

    member_id: UUID
    joined_at: datetime
