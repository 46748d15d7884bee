from uuid import UUID

from fastapi import APIRouter, Response

from common.auth.access import Operator
from common.connection import Record
from common.db import Database, UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from lifecycle.publishing.enrolments import service
from lifecycle.publishing.enrolments.domain import Among
from lifecycle.publishing.enrolments.schemas import ConfirmEnrolment, EnrolmentView, ProposeEnrolment
from lifecycle.publishing.walks import service as walks

router = APIRouter(tags=["policies"])


@router.post("/enrolments", operation_id="propose_enrolment", status_code=201, response_model=EnrolmentView)
async def propose_enrolment(body: ProposeEnrolment, operator: Operator, db: Db, key: OnceKey) -> Response:
    """Count whom a rule would be brought to, who stand so now; nothing begins before it is confirmed."""

    async def action(uow: UnitOfWork) -> EnrolmentView:
        among = Among(stage=body.stage, health=body.health, segment=body.segment)
        proposed = await service.propose(
            uow, rule=body.rule, among=among, per_minute=body.per_minute, operator_id=operator.id, note=body.note
        )
        return await _view(uow, proposed)

    return await run_once(db, key, action)


@router.post(
    "/enrolments/{enrolment_id}/confirm",
    operation_id="confirm_enrolment",
    status_code=201,
    response_model=EnrolmentView,
)
async def confirm_enrolment(
    enrolment_id: UUID, body: ConfirmEnrolment, operator: Operator, db: Db, key: OnceKey
) -> Response:
    """Let an enrolment begin. Every guard of the rule holds for each member as ever."""

    async def action(uow: UnitOfWork) -> EnrolmentView:
        return await _view(uow, await service.confirm(uow, enrolment_id, members=body.members, operator_id=operator.id))

    return await run_once(db, key, action)


@router.delete("/enrolments/{enrolment_id}", operation_id="stop_enrolment")
async def stop_enrolment(enrolment_id: UUID, operator: Operator, db: Db) -> EnrolmentView:
    """Bring it to nobody else; what was asked for stays asked for."""
    async with db.transaction() as uow:
        return await _view(uow, await service.stop(uow, enrolment_id, operator_id=operator.id))


@router.get("/enrolments", operation_id="list_enrolments")
async def list_enrolments(_: Operator, db: Db, pages: PageQuery) -> Page[EnrolmentView]:
    """Enrolments, newest first."""
    rows = await service.list_enrolments(db, before=pages.after_number, limit=pages.limit)
    views = [await _view(db, row) for row in rows]
    return page(views, limit=pages.limit, last_id=rows[-1]["number"] if rows else None)


@router.get("/enrolments/{enrolment_id}", operation_id="get_enrolment")
async def get_enrolment(enrolment_id: UUID, _: Operator, db: Db) -> EnrolmentView:
    """An enrolment and how far it has come."""
    return await _view(db, await service.get(db, enrolment_id))


async def _view(reader: Database | UnitOfWork, row: Record) -> EnrolmentView:
    made = await walks.made_for(reader, row["enrolment_id"])
    columns = {name: row[name] for name in EnrolmentView.model_fields if name != "enrolled"}
    return EnrolmentView(**columns, enrolled=sum(walk.found.get("enrolled", 0) for walk in made))
