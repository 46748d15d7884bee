from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from common.http.fields import Code, Reference

MOST_ADJUSTED = 1_000_000


def _some(points: int) -> int:
    if points == 0:
        raise ValueError("expected points to add, or with a minus to take")
    return points


class AdjustPoints(BaseModel):
    """Points to add, or with a minus to take, and what for."""

    model_config = ConfigDict(extra="forbid")
    points: Annotated[int, Field(strict=True, ge=-MOST_ADJUSTED, le=MOST_ADJUSTED), AfterValidator(_some)]
    reason: Code
    business_id: Reference | None = Field(
        None,
        description="What it is about; the same reason and business id are posted once. The request's key if absent.",
    )


class PointsView(BaseModel):
    """A member's points 積分."""

    balance: int


class EntryView(BaseModel):
    """A line of a member's ledger."""

    id: UUID
    number: int = Field(description="The member's nth.")
    kind: Literal["earn", "adjust", "reverse"]
    points: int = Field(description="Added, or with a minus taken.")
    balance: int = Field(description="After it.")
    reason: str
    reverses: UUID | None = Field(description="The entry that this one takes back.")
    made_at: datetime
