from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Code

TextVersion = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$"),
    Field(description="Which version of the text the member was shown.", examples=["2026-03"]),
]


class SayConsent(BaseModel):
    """A yes or a no to one purpose."""

    model_config = ConfigDict(extra="forbid")
    purpose: Code
    version: TextVersion
    given: bool = Field(description="false: a no, or an earlier yes is withdrawn.")


class ConsentView(BaseModel):
    """What a member says to a purpose 同意."""

    purpose: str
    version: str
    given: bool
    changed_at: datetime


class ConsentEntryView(BaseModel):
    """A line of the ledger of consents."""

    id: UUID
    purpose: str
    version: str
    given: bool
    actor_id: UUID = Field(description="Who said so: the member, or an operator on their behalf.")
    made_at: datetime
