from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from lifecycle.policy.titles.schemas import TitleView


class SegmentTitle(BaseModel):
    """A name for people, in both languages."""

    model_config = ConfigDict(extra="forbid")
    en: str = Field(min_length=1, max_length=80)
    zh: str = Field(min_length=1, max_length=80)


class SegmentView(BaseModel):
    """A segment 分群 of the policy in force, and how many are in it."""

    name: str
    title: TitleView | None
    condition: str
    members: int


class SegmentViews(BaseModel):
    """Every segment of the policy in force, in its order."""

    version: int
    items: list[SegmentView]


class SegmentOrder(BaseModel):
    """What a segment is to be."""

    model_config = ConfigDict(extra="forbid")
    condition: str = Field(min_length=1, max_length=2_000, description="As in a policy: `orders.days(60d) >= 6`.")
    title: SegmentTitle | None = None
    note: str = Field("", max_length=500)


class SegmentMemberView(BaseModel):
    """A member of a segment."""

    member_id: UUID
    since: datetime = Field(description="When they came into it, this time.")
