from pydantic import BaseModel


class StandingCount(BaseModel):
    """How many members have this stage and this health."""

    stage: str
    health: str
    members: int


class StandingCounts(BaseModel):
    """Where all members stand now."""

    members: int
    stages: dict[str, int]
    health: dict[str, int]
    items: list[StandingCount]
