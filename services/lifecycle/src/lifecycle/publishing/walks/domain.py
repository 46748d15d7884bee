"""A walk 巡訪 over the members of a lane, for a version of the policy or an enrolment: how far it has come."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

WalkKind = Literal["backfill", "impact", "sweep", "enrolment"]


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    what_for: str
    """The version's number, or the enrolment's id."""
    kind: WalkKind
    lane: int
    last_id: UUID | None
    """Those up to this one are done."""
    members: int
    """So many."""
    found: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None

    @property
    def version(self) -> int:
        return int(self.what_for)
