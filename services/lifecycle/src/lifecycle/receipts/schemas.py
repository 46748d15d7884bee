from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class ReceiptView(BaseModel):
    """A decision 決定 upon a rule for a member."""

    number: int
    member_id: UUID
    rule: str
    key: str = Field(
        description="What the rule was decided upon for: an episode, an event; empty for one that acts once."
    )
    version: int = Field(description="Of the policy.")
    at: datetime = Field(description="When the rule was triggered.")
    gate_at: datetime = Field(description="When it was decided.")
    outcome: str = Field(description="`acted`, or the reason why not.")
    until: datetime | None = Field(description="When it is decided again, of what waits.")
    attempt: int
    values: dict[str, str | int | float | bool | None] = Field(
        description="What the rule's condition asked of the member, by name; null: absent."
    )
    units: dict[str, str] = Field(description="By experiment, the community that the member was drawn as.")
    by: str | None = Field(description="The guard that objected.")


class ReceiptDetail(ReceiptView):
    """A decision with the condition that was asked, as the policy of then has it."""

    condition: str | None = Field(description="With the values in it; null: it was not asked, or the rule is gone.")
    holds: bool | None = Field(description="What follows from the values alone.")
