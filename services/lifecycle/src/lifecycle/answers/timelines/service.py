from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database
from lifecycle.actions import service as actions
from lifecycle.answers.timelines.domain import Kind, Mark, before, mark
from lifecycle.receipts import service as receipts
from lifecycle.standing.transitions import service as transitions

_Until = Callable[..., Awaitable[list[Record]]]

_SOURCES: Mapping[Kind, tuple[_Until, str]] = {
    "transition": (transitions.until, "at"),
    "decision": (receipts.until, "gate_at"),
    "action": (actions.until, "requested_at"),
}
"""Who has the entries of a kind, and what says when each was."""


async def timeline(
    db: Database,
    member_id: UUID,
    *,
    kinds: Collection[Kind],
    end: Mark | None,
    since: datetime | None,
    limit: int,
) -> list[tuple[Mark, Kind, Record]]:
    """The latest first: those before `end`, of these kinds, none before `since`."""
    found: list[tuple[Mark, Kind, Record]] = []
    for kind in kinds:
        until, moment = _SOURCES[kind]
        bound, number = before(end, kind)
        rows: list[Any] = await until(db, member_id, moment=bound, before=number, limit=limit)
        found += [(mark(row[moment], kind, row["number"]), kind, row) for row in rows]
    found.sort(key=lambda each: each[0], reverse=True)
    return [each for each in found if since is None or each[0].moment >= since][:limit]
