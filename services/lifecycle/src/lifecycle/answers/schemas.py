from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from lifecycle.text.faults.domain import Language


class StatementView(BaseModel):
    """One thing that an answer says 陳述."""

    code: str = Field(description="What kind of thing; stable.")
    at: datetime | None = Field(description="When it was so, or will be; null: now, or always.")
    holds: bool | None = Field(description="Of what was asked of the member: whether it was so.")
    values: dict[str, datetime | str | int | float]
    words: str = Field(
        description="The same in words, by the titles that the policy gives, moments by the business's clock."
    )


class AnswerView(BaseModel):
    """Why a member is where they are, or why a rule did or did not act for them."""

    about: str = Field(
        description="`stage`, `health`, a segment by its name, `rule:` and a rule's id, `ahead`; of who is another now 已併入, `identity`."
    )
    verdict: StatementView
    because: list[StatementView] = Field(description="What happened, by which values and which version of the policy.")
    now: list[StatementView] = Field(
        description="As of now: the conditions of a value; or each check of a rule, also after the first that objects."
    )
    ahead: list[StatementView] = Field(description="What comes next.")
    derived: list[StatementView] = Field(
        description="In deep mode: what the journal says, and where what is kept differs."
    )


class Answers(BaseModel):
    """Why 為什麼: one answer to a question; to none, all of where the member stands, and what comes next."""

    member_id: UUID
    version: int = Field(description="Of the policy that the member lives by.")
    time_zone: str
    items: list[AnswerView]


About = Annotated[
    str | None,
    Query(
        pattern=r"^(rule:)?[a-z][a-z0-9_]{0,63}$",
        description="`stage`, `health`, a segment, or `rule:` and a rule's id; none: all but rules, and what comes next.",
    ),
]
InLanguage = Annotated[Language, Query(description="Of the words.")]
Deep = Annotated[
    bool, Query(description="Derive it from the journal, and say where what is kept differs. Takes a while.")
]
