from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class MergeMember(BaseModel):
    """Which account is the same person's."""

    model_config = ConfigDict(extra="forbid")
    into: UUID = Field(description="The other account. Whichever is older becomes the root.")


class MergerView(BaseModel):
    """An account that is another's now, or was."""

    member_id: UUID
    root_id: UUID | None = Field(description="Null: it is on its own again.")
    changed_at: datetime


class IdentityViews(BaseModel):
    """All accounts of one person 身分."""

    root_id: UUID
    merged: list[MergerView] = Field(description="Those that were merged, into the root or one another.")
