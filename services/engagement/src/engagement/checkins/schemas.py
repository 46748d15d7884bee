from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class CheckinView(BaseModel):
    """A check-in 簽到."""

    id: UUID
    business_day: date
    streak: int = Field(description="Days in a row, this one included.")
    checked_in_at: datetime
