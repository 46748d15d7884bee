from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Code, Text
from engagement.templates.domain import State

MOST_PLACEHOLDERS = 16
MessageText = Annotated[Text, Field(max_length=1000, description="With placeholders such as `{shop}`.")]
PlaceholderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
PlaceholderValue = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Placeholders = Annotated[
    dict[PlaceholderName, PlaceholderValue],
    Field(max_length=MOST_PLACEHOLDERS, description="Name → what stands there when nobody says otherwise."),
]


class CreateTemplate(BaseModel):
    """A message's text in both languages."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    text_zh: MessageText
    text_en: MessageText
    placeholders: Placeholders = Field(default_factory=dict)


class ChangeTemplate(BaseModel):
    """What to change; what is not named stays. Messages that were sent stay as they were."""

    model_config = ConfigDict(extra="forbid")
    text_zh: MessageText = Field(default_factory=str)
    text_en: MessageText = Field(default_factory=str)
    placeholders: Placeholders = Field(default_factory=dict)
    state: State = Field(default_factory=lambda: "active", description="Nothing is sent of a retired one.")


class TemplateView(BaseModel):
    """A message template 消息模板."""

    id: UUID
    code: str
    text_zh: str
    text_en: str
    placeholders: dict[str, str]
    state: State
    created_at: datetime
    updated_at: datetime
