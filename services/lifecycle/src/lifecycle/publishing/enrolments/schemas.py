from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Code

EnrolmentState = Literal["proposed", "running", "finished", "stopped"]


class ProposeEnrolment(BaseModel):
    """Which rule is to be brought to whom, and how fast. Who is named in several ways stands so in all of them."""

    model_config = ConfigDict(extra="forbid")
    rule: Code
    stage: Code | None = None
    health: Code | None = None
    segment: Code | None = None
    per_minute: int = Field(ge=12, le=600_000, description="Members a minute, over all lanes.")
    note: str = Field("", max_length=500)


class ConfirmEnrolment(BaseModel):
    """For how many members you confirm it: when there are by now a tenth more or fewer, it is a conflict."""

    model_config = ConfigDict(extra="forbid")
    members: int = Field(ge=0)


class EnrolmentView(BaseModel):
    """An enrolment 登記 and how far it has come."""

    enrolment_id: UUID
    rule: str
    stage: str | None
    health: str | None
    segment: str | None
    per_minute: int
    members: int = Field(description="How many it was proposed for.")
    enrolled: int = Field(description="To how many it was brought. What became of it with each, their receipts say.")
    state: EnrolmentState
    operator_id: UUID | None = Field(description="Who proposed it. Of whoever did something, null: the command line.")
    note: str
    created_at: datetime
    confirmed_at: datetime | None
    confirmed_by: UUID | None
    stopped_at: datetime | None
    stopped_by: UUID | None
