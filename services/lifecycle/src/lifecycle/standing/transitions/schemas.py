from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from common.contracts.lifecycle import Cause

Period = Literal["day", "month"]
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class TransitionView(BaseModel):
    """A member entered a value of a dimension 狀態變化, or left a segment."""

    dimension: str = Field(description="`stage`, `health`, or a segment by its name.")
    previous: str | None = Field(description="Null: the member was new, or not in the segment.")
    current: str | None = Field(description="Null: the member left the segment.")
    episode: int = Field(description="The entries into this value, or the segment left, so far.")
    at: datetime
    cause: Cause
    version: int = Field(description="Of the policy that says so.")
    grounds: dict[str, str | int | float | bool | None] = Field(
        description="What the conditions asked of the member, by name; null: absent."
    )


class TransitionCount(BaseModel):
    """How many members went from one value to another in a period."""

    period: date = Field(description="Its first day, in the business's time zone.")
    dimension: str
    previous: str | None
    current: str | None
    transitions: int


class TransitionCounts(BaseModel):
    """Counts by period, the earliest first; a period without any is left out."""

    time_zone: str
    items: list[TransitionCount]


FromDay = Annotated[date, Query(alias="from", ge=FIRST_DAY, le=LAST_DAY, description="The first business day.")]
ToDay = Annotated[date, Query(alias="to", ge=FIRST_DAY, le=LAST_DAY, description="The last business day, included.")]
