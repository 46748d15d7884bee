from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Code
from lifecycle.publishing.schemas import DifferenceView
from lifecycle.text.characters.domain import MOST_BYTES
from lifecycle.text.faults.domain import Fault, Severity

Codes = Annotated[list[Code], Field(max_length=10_000)]


class ReviewOrder(BaseModel):
    """A policy 策略, and what there is for its actions to name. Of what is left out nothing is said."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=MOST_BYTES)
    coupons: dict[Code, Annotated[int, Field(ge=0, strict=True)]] | None = Field(
        None, max_length=10_000, description="What a coupon of each template is worth at most, in minor units."
    )
    messages: Codes | None = Field(None, description="The message templates that there are.")
    channels: Codes | None = None
    teams: Codes | None = None
    endpoints: Codes | None = None


class FindingView(BaseModel):
    """What is to be known of a policy before it is published, and where it stands."""

    severity: Severity
    path: str
    line: int | None
    column: int | None
    en: str
    zh: str


class Review(BaseModel):
    """All that is found: an error cannot be as it is written, a warning may be meant otherwise, a note is good to know."""

    is_publishable: bool = Field(description="Whether there is no error.")
    findings: list[FindingView]


class Changed(BaseModel):
    """What a text changes in the version in force; nothing when they mean the same."""

    version: int = Field(description="That is in force.")
    items: list[DifferenceView]


def finding_view(fault: Fault) -> FindingView:
    place = fault.place
    return FindingView(
        severity=fault.severity,
        path=fault.path,
        line=place.line if place else None,
        column=place.column if place else None,
        en=fault.message("en"),
        zh=fault.message("zh"),
    )
