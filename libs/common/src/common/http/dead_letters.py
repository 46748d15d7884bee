"""Dead letters over HTTP, the same in every service: what was set aside, why, and its replay."""

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from common.auth.access import Operator
from common.bus import dead_letters
from common.bus.dead_letters import Reason
from common.http.dependencies import CurrentRuntime, Db
from common.http.pages import Page, PageQuery, page

router = APIRouter(prefix="/dead-letters", tags=["operations"])

State = Literal["open", "replayed", "discarded"]
LetterId = Annotated[int, Path(ge=1, lt=2**63)]


class DeadLetter(BaseModel):
    """An event that was set aside instead of handled."""

    id: int
    producer: str
    generation: int
    position_id: int
    appended_at: datetime
    key: str
    type: str
    event_id: UUID
    reason: Reason
    error: str
    state: State
    attempts: int
    created_at: datetime
    settled_at: datetime | None


class DeadLetterDetail(DeadLetter):
    """With the event's bytes as they stand in the log, base64."""

    envelope: str


@router.get("", operation_id="list_dead_letters")
async def list_dead_letters(
    db: Db,
    _: Operator,
    pages: PageQuery,
    state: Annotated[State | None, Query(description="Only those in this state.")] = "open",
    reason: Annotated[Reason | None, Query(description="Only those set aside for this reason.")] = None,
) -> Page[DeadLetter]:
    """Events that were set aside, oldest first."""
    rows = await dead_letters.list_letters(db, state=state, reason=reason, after=pages.after_number, limit=pages.limit)
    letters = [DeadLetter(**dict(row)) for row in rows]
    return page(letters, limit=pages.limit, last_id=letters[-1].id if letters else None)


@router.get("/{letter_id}", operation_id="get_dead_letter")
async def get_dead_letter(db: Db, _: Operator, letter_id: LetterId) -> DeadLetterDetail:
    """One event that was set aside, with its bytes."""
    row = dict(await dead_letters.get_letter(db, letter_id))
    row["envelope"] = base64.b64encode(row["envelope"]).decode()
    return DeadLetterDetail(**row)


@router.post("/{letter_id}/replay", operation_id="replay_dead_letter", status_code=204)
async def replay_dead_letter(runtime: CurrentRuntime, _: Operator, letter_id: LetterId) -> Response:
    """Handle the event now; its effect and the letter's end happen together, once."""
    await dead_letters.replay(runtime.db, letter_id, runtime.service.handlers)
    return Response(status_code=204)


@router.post("/{letter_id}/discard", operation_id="discard_dead_letter", status_code=204)
async def discard_dead_letter(db: Db, _: Operator, letter_id: LetterId) -> Response:
    """Settle the letter without its effect, for good."""
    await dead_letters.discard(db, letter_id)
    return Response(status_code=204)
