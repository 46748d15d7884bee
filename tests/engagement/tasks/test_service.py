"""Races for tasks, each on a connection of its own."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest

from common.contracts.engagement import TaskClosed
from common.contracts.lifecycle import AssignTask
from common.testing.races import race
from common.testing.services import RunningService
from engagement.errands import service as errands
from engagement.errors import TaskOver, TaskTaken
from engagement.tasks import service
from factories.members import received, requested, withdrawn

pytestmark = pytest.mark.integration


async def test_of_twelve_who_take_a_task_one_has_it(engagement: RunningService) -> None:
    async with engagement.db.transaction() as uow:
        task = await service.open_by_hand(
            uow, member_id=uuid4(), team="community_team", due_at=datetime.now(UTC), note=""
        )
    results = await race(
        engagement.db, *[partial(service.take, task_id=task["id"], taker=UUID(int=n)) for n in range(12)]
    )

    assert sum(isinstance(result, TaskTaken) for result in results) == 11


async def test_a_task_is_closed_or_withdrawn_and_told_once(engagement: RunningService) -> None:
    asked = [requested(AssignTask(team="community_team", due_minutes=5), member_id=uuid4()) for _ in range(6)]
    await engagement.receive(*asked)
    tasks = {row["action_id"]: row["id"] for row in await engagement.db.fetch("SELECT id, action_id FROM task")}
    results = await race(
        engagement.db,
        *(
            work
            for one in asked
            for work in (
                partial(service.close, task_id=tasks[one.action_id], outcome="done", note=None, closer=UUID(int=1)),
                partial(errands.withdraw, asked=[received(withdrawn(one))]),
            )
        ),
    )

    assert all(isinstance(one, TaskOver) for one in results if isinstance(one, BaseException))
    told = await engagement.events(TaskClosed)
    assert len(told) == 6
    assert sum(isinstance(one, TaskOver) for one in results) == sum(one.outcome == "withdrawn" for one in told)
