from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from common.http.fields import Code, Moment, Text
from members.templates.domain import State

Name = Annotated[Text, Field(max_length=64)]
ValueMinor = Annotated[int, Field(strict=True, ge=1, le=10**9, description="What it takes off, in minor units (分).")]
MinimumSpendMinor = Annotated[
    int, Field(strict=True, ge=0, le=10**9, description="From which sum of goods on, in minor units.")
]
ValidDays = Annotated[int, Field(strict=True, ge=1, le=3650, description="How many days each coupon is good for.")]
Supply = Annotated[int, Field(strict=True, ge=1, le=10**9, description="How many may be issued; null: no end.")]
PerMemberLimit = Annotated[int, Field(strict=True, ge=1, le=10_000, description="How many one member may have, ever.")]


class CreateTemplate(BaseModel):
    """A kind of coupon. Give `valid_days`, or `starts_at` and `ends_at`."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    name_zh: Name
    name_en: Name
    value_minor: ValueMinor
    minimum_spend_minor: MinimumSpendMinor = 0
    valid_days: ValidDays | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    supply: Supply | None = None
    per_member_limit: PerMemberLimit = 1
    claimable: StrictBool = Field(default=False, description="Whether members may take one by themselves 領券.")


class ChangeTemplate(BaseModel):
    """What to change; what is not named stays. Only what may be absent may be null."""

    model_config = ConfigDict(extra="forbid")
    name_zh: Name = Field(default_factory=str)
    name_en: Name = Field(default_factory=str)
    value_minor: ValueMinor = Field(default_factory=int)
    minimum_spend_minor: MinimumSpendMinor = Field(default_factory=int)
    valid_days: ValidDays | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    supply: Supply | None = None
    per_member_limit: PerMemberLimit = Field(default_factory=int)
    claimable: StrictBool = Field(default_factory=bool)
    state: State = Field(default_factory=lambda: "active", description="`ended` is for good.")


class Offer(BaseModel):
    """A coupon that a member may take."""

    code: str
    name_zh: str
    name_en: str
    value_minor: int
    minimum_spend_minor: int
    currency: str
    valid_days: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    per_member_limit: int


class TemplateView(Offer):
    """A kind of coupon, and how many were issued and not taken back."""

    id: UUID
    supply: int | None
    issued: int
    claimable: bool
    state: State
    created_at: datetime
    updated_at: datetime
