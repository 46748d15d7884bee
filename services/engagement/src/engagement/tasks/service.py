"""Tasks 待辦: opened by the lifecycle or by hand, taken by somebody, closed once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.engagement import TaskClosed, TaskOpened, TaskRefused
from common.contracts.envelope import Envelope
from common.contracts.lifecycle import ActionRequested, AssignTask
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.audience import service as audiences
from engagement.errands.domain import Outcome
from engagement.errors import TaskNotFound, TaskOver, TaskTaken, TeamNotFound
from engagement.metrics import EngagementMetrics
from engagement.tasks import repository
from engagement.tasks.domain import Ending, NewTask, due_after
from engagement.teams import service as teams


async def carry_out(uow: UnitOfWork, asked: Sequence[Received[ActionRequested]]) -> list[Outcome]:
    """Open the tasks among the actions."""
    wanted = [(one, action) for one in asked if isinstance(action := one.event.action, AssignTask)]
    known = await teams.active(uow, {action.team for _, action in wanted})
    opened = [
        NewTask(
            id=new_id(),
            member_id=one.event.member_id,
            team=action.team,
            due_at=due_after(one.envelope.time, minutes=action.due_minutes),
            action_id=one.event.action_id,
            rule=one.event.rule,
        )
        for one, action in wanted
        if action.team in known
    ]
    await repository.insert(uow, opened)
    return [
        Outcome(action_id=one.event.action_id, reason=None if action.team in known else "unknown_team")
        for one, action in wanted
    ]


async def tell(uow: UnitOfWork, asked: Sequence[Received[ActionRequested]], settled: Mapping[UUID, Record]) -> None:
    """What became of the tasks among the actions."""
    wanted = [(one, action) for one in asked if isinstance(action := one.event.action, AssignTask)]
    tasks = await repository.find_by_actions(uow, [one.event.action_id for one, _ in wanted])
    for one, action in wanted:
        action_id = one.event.action_id
        if action_id in tasks:
            uow.append(_opened(tasks[action_id]), cause=one.envelope)
        else:
            told = {name: settled[action_id][name] for name in ("action_id", "member_id", "reason")}
            uow.append(TaskRefused(**told, team=action.team), cause=one.envelope)


async def withdraw(uow: UnitOfWork, actions: Mapping[UUID, Envelope]) -> None:
    """Close those that are still open. `actions`: each with what asks for it."""
    for row in await repository.withdraw(uow, actions):
        _close(uow, row, cause=actions[row["action_id"]])


async def open_by_hand(uow: UnitOfWork, *, member_id: UUID, team: str, due_at: datetime, note: str) -> Record:
    """Raises MemberGone or TeamNotFound."""
    await audiences.hold(uow, member_id)
    if not await teams.active(uow, [team]):
        raise TeamNotFound(f"team: there is no active one with the code {team!r}")
    task = NewTask(id=new_id(), member_id=member_id, team=team, due_at=due_at, note=note)
    await repository.insert(uow, [task])
    row = await get(uow, task.id)
    uow.append(_opened(row))
    return row


async def take(uow: UnitOfWork, task_id: UUID, *, taker: UUID) -> Record:
    """The task, the taker's; also if it was before. Raises TaskTaken or TaskOver."""
    if await repository.take(uow, task_id, taker=taker):
        return await get(uow, task_id)
    row = await get(uow, task_id)
    if row["taken_by"] == taker and row["state"] == "taken":
        return row
    raise _standing_in_the_way(row)


async def release(uow: UnitOfWork, task_id: UUID) -> Record:
    """The task, for anybody to take. Raises TaskOver."""
    await repository.release(uow, task_id)
    row = await get(uow, task_id)
    if row["closed_at"] is not None:
        raise _standing_in_the_way(row)
    return row


async def close(uow: UnitOfWork, task_id: UUID, *, outcome: Ending, note: str | None, closer: UUID) -> Record:
    """The task, closed so; also if it was before. Raises TaskTaken for somebody else's, TaskOver; or MemberGone for a note."""
    if note:
        await audiences.hold(uow, (await get(uow, task_id))["member_id"])
    closed = await repository.close(uow, task_id, outcome=outcome, note=note, closer=closer)
    if closed is not None:
        _close(uow, closed)
        return closed
    row = await get(uow, task_id)
    if row["state"] == outcome:
        return row
    raise _standing_in_the_way(row)


async def get(reader: Database | UnitOfWork, task_id: UUID) -> Record:
    """Raises TaskNotFound."""
    row = await repository.find(reader, task_id)
    if row is None:
        raise TaskNotFound(f"there is no task {task_id}")
    return row


async def list_some(
    db: Database,
    *,
    team: str | None,
    state: str | None,
    member_id: UUID | None,
    due_before: datetime | None,
    overdue: bool,
    after: UUID | None,
    limit: int,
) -> list[Record]:
    """Oldest first. `overdue`: not closed, and due before now."""
    moments = [moment for moment in (due_before, db.clock.now() if overdue else None) if moment is not None]
    return await repository.list_some(
        db,
        team=team,
        state=state,
        member_id=member_id,
        due_before=min(moments, default=None),
        unclosed=overdue,
        after=after,
        limit=limit,
    )


async def show_overdue(db: Database) -> None:
    """Tell the metrics how many tasks of each team are overdue."""
    metrics: EngagementMetrics = db.resources.metrics
    for team, tasks in (await repository.count_overdue(db, now=db.clock.now())).items():
        metrics.tasks_overdue.labels(team).set(tasks)


async def forget(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    """Empty what was written down of members."""
    await repository.empty_notes(uow, member_ids)


def _opened(task: Record) -> TaskOpened:
    told = {name: task[name] for name in ("member_id", "team", "due_at", "action_id")}
    return TaskOpened(task_id=task["id"], **told)


def _close(uow: UnitOfWork, task: Record, *, cause: Envelope | None = None) -> None:
    told = {name: task[name] for name in ("member_id", "team", "closed_at")}
    uow.append(TaskClosed(task_id=task["id"], outcome=task["state"], **told), cause=cause)
    metrics: EngagementMetrics = uow.resources.metrics
    uow.on_commit.append(metrics.tasks_closed.labels(task["team"], task["state"]).inc)


def _standing_in_the_way(task: Record) -> TaskTaken | TaskOver:
    if task["closed_at"] is not None:
        return TaskOver(f"the task is {task['state']}")
    return TaskTaken(f"{task['taken_by']} has taken the task; who has it closes or releases it")
