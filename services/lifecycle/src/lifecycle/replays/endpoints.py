from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from common.auth.access import Operator
from common.connection import Record
from common.db import UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from lifecycle.members import service as members
from lifecycle.replays import service
from lifecycle.replays.schemas import ReplayRequest, ReplaySummary, ReplayView
from lifecycle.replays.service import Installation
from lifecycle.replays.studies.domain import Asked
from lifecycle.reports.displays import service as displays
from lifecycle.text.faults.domain import Language

router = APIRouter(tags=["replays"])

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
"""A page of words and charts: it runs nothing and fetches nothing."""


def _summary(row: Record) -> ReplaySummary:
    return ReplaySummary(**{name: row[name] for name in ReplaySummary.model_fields})


@router.post("/replays", operation_id="start_replay", status_code=202, response_model=ReplaySummary)
async def start_replay(
    body: ReplayRequest, operator: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Try a draft on what happened, or count what happened, in a process of its own; one at a time."""
    settings = runtime.settings
    asked = Asked(draft=body.policy, first=body.first, last=body.last, only=body.member_id, costs=body.costs)
    if body.member_id is not None:
        await members.get_own(db, body.member_id)
    installation = Installation(settings.database_url.get_secret_value(), settings.timezone, settings.currency)

    async def action(uow: UnitOfWork) -> ReplaySummary:
        return _summary(await service.begin(uow, asked, installation=installation, operator_id=operator.id))

    return await run_once(db, key, action, status=202)


@router.get("/replays", operation_id="list_replays")
async def list_replays(_: Operator, db: Db, pages: PageQuery) -> Page[ReplaySummary]:
    """Every replay that was asked for, newest first."""
    rows = await service.list_replays(db, before=pages.after, limit=pages.limit)
    return page([_summary(row) for row in rows], limit=pages.limit, last_id=rows[-1]["replay_id"] if rows else None)


@router.get("/replays/{replay_id}", operation_id="get_replay")
async def get_replay(replay_id: UUID, _: Operator, db: Db) -> ReplayView:
    """How far a replay is, and what it found."""
    row = await service.get(db, replay_id)
    return ReplayView(**{name: row[name] for name in ReplayView.model_fields})


@router.get(
    "/replays/{replay_id}/page",
    operation_id="get_replay_page",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}, "description": "The page, whole in itself."}},
)
async def get_replay_page(
    replay_id: UUID,
    _: Operator,
    db: Db,
    language: Annotated[Language, Query(description="Of the page.")] = "en",
) -> HTMLResponse:
    """What a replay found, as one page with charts that needs nothing else, to be read or printed."""
    report = await service.report(db, replay_id)
    return HTMLResponse(displays.html_page(report, language=language), headers={"Content-Security-Policy": SANDBOX})


@router.delete("/replays/{replay_id}", operation_id="cancel_replay", status_code=204)
async def cancel_replay(replay_id: UUID, operator: Operator, db: Db) -> None:
    """End a replay with what is known by then; one that has ended stays as it is."""
    async with db.transaction() as uow:
        await service.cancel(uow, replay_id, operator_id=operator.id)
