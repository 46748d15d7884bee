from datetime import datetime
from functools import cache
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Text
from members.profiles.domain import Gender

Phone = Annotated[Text, Field(max_length=32, examples=["+86 138 0013 8000"])]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("expected an IANA time zone such as Asia/Shanghai")
    return name


Birthday = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$"),
    Field(description="`MM-DD`, or with the year before it; the year is never told to anybody.", examples=["06-05"]),
]
Timezone = Annotated[
    str, Field(max_length=64, description="IANA.", examples=["Asia/Taipei"]), AfterValidator(_known_zone)
]


class ChangeProfile(BaseModel):
    """What to change; what is not named stays, null erases."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    display_name: Annotated[Text, Field(max_length=64)] | None = None
    phone: Phone | None = Field(None, description="Without a calling code it is one of this country's.")
    birthday: Birthday | None = None
    gender: Gender | None = None
    tz: Timezone | None = Field(None, description="By whose clock they live; the business's when not told.")


class ProfileView(BaseModel):
    """A member's personal data, for themselves."""

    display_name: str | None
    phone: str | None
    birthday: str | None
    gender: Gender | None
    tz: str | None
    updated_at: datetime | None


class FindMembers(BaseModel):
    """Whom to look for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    phone: Phone


class FoundMembers(BaseModel):
    """Members who gave this phone number; several may, since nobody proves theirs."""

    member_ids: list[UUID]
