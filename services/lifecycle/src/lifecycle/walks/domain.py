"""A walk 巡訪 over the members of a lane, for a version of the policy: how far it has come."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

WalkKind = Literal["backfill", "impact", "sweep"]


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    kind: WalkKind
    lane: int
    last_id: UUID | None
    """Those up to this one are done."""
    members: int
    """So many."""
    found: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None
