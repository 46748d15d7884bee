from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Code
from lifecycle.standing.transitions.schemas import FIRST_DAY, LAST_DAY

LONGEST = 256 * 1024
MOST_COSTS = 1_000

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
ReplayState = Literal["running", "done", "failed", "cancelled"]


class ReplayRequest(BaseModel):
    """What is to be tried on the journal 重演, over how many business days."""

    model_config = ConfigDict(extra="forbid")
    policy: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$")] | None = Field(
        default=None, description="A draft, as YAML; without it, what happened is counted."
    )
    first: Day = Field(alias="from", description="The first business day that counts.")
    last: Day = Field(alias="to", description="The last one, included.")
    member_id: UUID | None = Field(default=None, description="Only this member.")
    costs: dict[Code, Annotated[int, Field(ge=0, le=10**9)]] = Field(
        default={}, max_length=MOST_COSTS, description="What a coupon of each template costs, in minor units."
    )


class ReplaySummary(BaseModel):
    """A replay, and how far it is."""

    replay_id: UUID
    state: ReplayState
    is_draft: bool
    first: date = Field(description="The first business day that counts.")
    last: date
    member_id: UUID | None
    entries: int = Field(description="Batches of the journal read so far.")
    of: int = Field(description="Batches that the journal held when it began.")
    operator_id: UUID = Field(description="Who asked for it.")
    asked_at: datetime
    finished_at: datetime | None
    cancelled_by: UUID | None
    error: str | None = Field(description="Why it failed.")


class ReplayView(ReplaySummary):
    """A replay with what it found; of one that was cancelled, what was known by then."""

    report: dict[str, Any] | None
