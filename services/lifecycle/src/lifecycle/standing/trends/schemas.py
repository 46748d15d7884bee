from datetime import date

from pydantic import BaseModel, Field


class StandingOfPeriod(BaseModel):
    """Where members stood at the end of a period; of one that goes on: where they stand now."""

    period: date = Field(description="Its first day, in the business's time zone.")
    stages: dict[str, int]
    health: dict[str, int]
    segments: dict[str, int]


class StandingTrend(BaseModel):
    """Counts by period, the earliest first. Who is another member by now, or erased, is in none of them."""

    time_zone: str
    items: list[StandingOfPeriod]
