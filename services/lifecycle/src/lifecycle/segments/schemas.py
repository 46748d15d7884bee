from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class SegmentView(BaseModel):
    """A segment 分群 of the policy in force, and how many are in it."""

    name: str
    condition: str
    members: int


class SegmentViews(BaseModel):
    """Every segment of the policy in force, in its order."""

    version: int
    items: list[SegmentView]


class SegmentMemberView(BaseModel):
    """A member of a segment."""

    member_id: UUID
    since: datetime = Field(description="When they came into it, this time.")
