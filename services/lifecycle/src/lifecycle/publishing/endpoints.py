from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from common.auth.access import Operator
from common.db import UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.fields import Code
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from lifecycle.publishing import service
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.overviews import service as overviews
from lifecycle.publishing.reviews import service as reviews
from lifecycle.publishing.schemas import (
    ChangeOrder,
    ChangeView,
    PolicyText,
    PreparedView,
    PublishOrder,
    ScheduledView,
    Validity,
    VersionSummaries,
    VersionView,
    fault_view,
)
from lifecycle.standing.segments.schemas import SegmentOrder
from lifecycle.text.labels.domain import Label

router = APIRouter(tags=["policies"])

VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
Note = Annotated[str, Query(max_length=500, description="Why, for whoever reads the record of changes.")]


@router.post("/policies/validate", operation_id="validate_policy")
async def validate_policy(body: PolicyText, _: Operator, runtime: CurrentRuntime) -> Validity:
    """Tell everything that is wrong with a policy 策略; nothing is kept."""
    faults = await reviews.faults_of(body.text, tz=runtime.settings.timezone)
    return Validity(is_valid=not faults, faults=[fault_view(fault) for fault in faults])


@router.post("/policies", operation_id="prepare_policy", status_code=201, response_model=PreparedView)
async def prepare_policy(
    body: PolicyText, operator: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Keep a policy as a version in preparation: it is looked at whom it would move, and what it counts anew is counted."""

    async def action(uow: UnitOfWork) -> PreparedView:
        prepared = await service.prepare(
            uow, text=body.text, tz=runtime.settings.timezone, operator_id=operator.id, note=body.note
        )
        return PreparedView(version=prepared.version, counted_anew=prepared.counted_anew)

    return await run_once(db, key, action)


@router.get("/policies", operation_id="list_policies")
async def list_policies(_: Operator, db: Db) -> VersionSummaries:
    """Every version 版本 and what became of it."""
    return await overviews.list_versions(db)


@router.get("/policies/{version}", operation_id="get_policy")
async def get_policy(version: VersionNumber, _: Operator, db: Db) -> VersionView:
    """A version: its text, whom it would move, and how far what follows from it has come."""
    return await overviews.get_version(db, version)


@router.post(
    "/policies/{version}/publish", operation_id="publish_policy", status_code=201, response_model=ScheduledView
)
async def publish_policy(
    version: VersionNumber, body: PublishOrder, operator: Operator, db: Db, key: OnceKey
) -> Response:
    """Let a version in preparation take effect for everybody at one moment 發布. It moves members and does nothing to them."""

    async def action(uow: UnitOfWork) -> ScheduledView:
        moment = await service.publish(
            uow,
            version,
            replaces=body.replaces,
            effective_at=body.effective_at,
            operator_id=operator.id,
            note=body.note,
        )
        return ScheduledView(version=version, effective_at=moment)

    return await run_once(db, key, action)


@router.delete("/policies/{version}", operation_id="abandon_policy", status_code=204)
async def abandon_policy(version: VersionNumber, operator: Operator, db: Db, note: Note = "") -> None:
    """Give a version up that is in preparation, or published and not in effect yet; its text is kept."""
    async with db.transaction() as uow:
        await service.abandon(uow, version, operator_id=operator.id, note=note)


@router.post("/policies/{version}/restore", operation_id="restore_policy", status_code=201, response_model=PreparedView)
async def restore_policy(
    version: VersionNumber, body: ChangeOrder, operator: Operator, db: Db, key: OnceKey
) -> Response:
    """Prepare the text of an earlier version anew, to roll back 回復 by publishing it."""

    async def action(uow: UnitOfWork) -> PreparedView:
        prepared = await service.restore(uow, version, operator_id=operator.id, note=body.note)
        return PreparedView(version=prepared.version, counted_anew=prepared.counted_anew)

    return await run_once(db, key, action)


@router.put("/segments/{name}", operation_id="prepare_segment", status_code=201, response_model=PreparedView)
async def prepare_segment(name: Code, body: SegmentOrder, operator: Operator, db: Db, key: OnceKey) -> Response:
    """Prepare the policy with this segment 分群 put in or changed; every other line of its text stays as it is."""
    title = Label(en=body.title.en, zh=body.title.zh) if body.title else None

    async def action(uow: UnitOfWork) -> PreparedView:
        prepared = await service.edit_segment(
            uow, name, body.condition, title=title, operator_id=operator.id, note=body.note
        )
        return PreparedView(version=prepared.version, counted_anew=prepared.counted_anew)

    return await run_once(db, key, action)


@router.delete("/segments/{name}", operation_id="prepare_without_segment", status_code=201, response_model=PreparedView)
async def prepare_without_segment(name: Code, operator: Operator, db: Db, key: OnceKey, note: Note = "") -> Response:
    """Prepare the policy without this segment; rules that ask for it are told as what is wrong."""

    async def action(uow: UnitOfWork) -> PreparedView:
        prepared = await service.edit_segment(uow, name, None, operator_id=operator.id, note=note)
        return PreparedView(version=prepared.version, counted_anew=prepared.counted_anew)

    return await run_once(db, key, action)


@router.put("/rules/{rule}/pause", operation_id="pause_rule", status_code=204)
async def pause_rule(rule: Code, operator: Operator, db: Db, note: Note = "") -> None:
    """Let a rule do nothing from the next batch on 暫停, in whatever version."""
    async with db.transaction() as uow:
        await service.switch_rule(uow, rule, paused=True, operator_id=operator.id, note=note)


@router.delete("/rules/{rule}/pause", operation_id="resume_rule", status_code=204)
async def resume_rule(rule: Code, operator: Operator, db: Db, note: Note = "") -> None:
    """Let a paused rule act again on what happens from now on."""
    async with db.transaction() as uow:
        await service.switch_rule(uow, rule, paused=False, operator_id=operator.id, note=note)


@router.get("/policy-changes", operation_id="list_policy_changes")
async def list_policy_changes(_: Operator, db: Db, pages: PageQuery) -> Page[ChangeView]:
    """What operators changed, newest first 變更紀錄."""
    rows = await changes.list_changes(db, before=pages.after_number, limit=pages.limit)
    items = [ChangeView(**dict(row)) for row in rows]
    return page(items, limit=pages.limit, last_id=items[-1].revision if items else None)
