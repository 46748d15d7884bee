from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Text
from members.profiles.domain import Gender

Phone = Annotated[Text, Field(max_length=32, examples=["+86 138 0013 8000"])]


class ChangeProfile(BaseModel):
    """What to change; what is not named stays, null erases."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    display_name: Annotated[Text, Field(max_length=64)] | None = None
    phone: Phone | None = Field(None, description="Without a calling code it is one of this country's.")
    birthday: date | None = None
    gender: Gender | None = None


class ProfileView(BaseModel):
    """A member's personal data, for themselves."""

    display_name: str | None
    phone: str | None
    birthday: date | None
    gender: Gender | None
    updated_at: datetime | None


class FindMembers(BaseModel):
    """Whom to look for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    phone: Phone


class FoundMembers(BaseModel):
    """Members who gave this phone number; several may, since nobody proves theirs."""

    member_ids: list[UUID]
