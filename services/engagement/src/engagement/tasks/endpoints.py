from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from common.auth.access import Operator
from common.connection import Record
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.fields import Code, Moment
from common.http.idempotency import OnceKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.tasks import service
from engagement.tasks.domain import State
from engagement.tasks.schemas import CloseTask, OpenTask, TaskDetails, TaskView

router = APIRouter(prefix="/tasks", tags=["tasks"])

WantedTeam = Annotated[Code | None, Query(description="Only those of this team.")]
WantedState = Annotated[State | None, Query(description="Only those in this state.")]
WantedMember = Annotated[UUID | None, Query(description="Only those about this member.")]
DueBefore = Annotated[Moment | None, Query(description="Only those due before it.")]
Overdue = Annotated[bool, Query(description="Only those that should be closed and are not.")]


def _view(row: Record) -> TaskView:
    return TaskView(**{name: row[name] for name in TaskView.model_fields})


@router.post("", operation_id="open_task", status_code=201, response_model=TaskView)
async def open_task(body: OpenTask, _: Operator, db: Db, key: OnceKey) -> Response:
    """Give a team a task 待辦 about a member."""

    async def action(uow: UnitOfWork) -> TaskView:
        return _view(await service.open_by_hand(uow, **dict(body)))

    return await run_once(db, key, action)


@router.get("", operation_id="list_tasks")
async def list_tasks(
    _: Operator,
    db: Db,
    pages: PageQuery,
    team: WantedTeam = None,
    state: WantedState = None,
    member_id: WantedMember = None,
    due_before: DueBefore = None,
    overdue: Overdue = False,
) -> Page[TaskView]:
    """Tasks, oldest first."""
    rows = await service.list_some(
        db,
        team=team,
        state=state,
        member_id=member_id,
        due_before=due_before,
        overdue=overdue,
        after=pages.after,
        limit=pages.limit,
    )
    return page([_view(row) for row in rows], limit=pages.limit, last_id=rows[-1]["id"] if rows else None)


@router.get("/{task_id}", operation_id="get_task")
async def get_task(task_id: UUID, _: Operator, db: Db) -> TaskDetails:
    """One task, with its note."""
    row = await service.get(db, task_id)
    return TaskDetails(**{name: row[name] for name in TaskDetails.model_fields})


@router.post("/{task_id}/take", operation_id="take_task")
async def take_task(task_id: UUID, operator: Operator, db: Db) -> TaskView:
    """Take a task that nobody has; the caller alone closes it then."""
    async with db.transaction() as uow:
        return _view(await service.take(uow, task_id, taker=operator.id))


@router.post("/{task_id}/release", operation_id="release_task")
async def release_task(task_id: UUID, _: Operator, db: Db) -> TaskView:
    """Let somebody else take a task, also one that another operator has and does not close."""
    async with db.transaction() as uow:
        return _view(await service.release(uow, task_id))


@router.post("/{task_id}/close", operation_id="close_task")
async def close_task(task_id: UUID, body: CloseTask, operator: Operator, db: Db) -> TaskView:
    """Close a task as done, or as given up; once."""
    async with db.transaction() as uow:
        return _view(await service.close(uow, task_id, outcome=body.outcome, note=body.note, closer=operator.id))
