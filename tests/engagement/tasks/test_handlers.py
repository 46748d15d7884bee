from datetime import timedelta
from uuid import uuid4

import pytest

from common.contracts.engagement import TaskClosed, TaskOpened, TaskRefused
from common.contracts.envelope import decode
from common.contracts.lifecycle import AssignTask
from common.testing.services import RunningService
from factories.members import requested, withdrawn

pytestmark = pytest.mark.integration

TASK = AssignTask(team="community_team", due_minutes=120)


async def test_a_task_that_is_asked_for_is_opened_and_told(engagement: RunningService) -> None:
    asked = requested(TASK, member_id=uuid4())
    await engagement.receive(asked, asked)

    told = await engagement.events(TaskOpened)
    assert len(told) == 2
    assert set(told) == {told[0]}
    log = engagement.producers["lifecycle"]
    first = await log.fetchval("SELECT envelope FROM outbox WHERE type = $1 ORDER BY id LIMIT 1", asked.type_name())
    assert told[0].due_at == decode(first)[0].time + timedelta(hours=2)
    assert (told[0].action_id, told[0].member_id, told[0].team) == (asked.action_id, asked.member_id, "community_team")


async def test_a_task_for_a_team_that_is_not_there_or_retired_is_refused(engagement: RunningService) -> None:
    async with engagement.db.transaction() as uow:
        await uow.execute("UPDATE team SET state = 'retired'")
    await engagement.receive(
        requested(TASK, member_id=uuid4()),
        requested(AssignTask(team="no_such", due_minutes=1), member_id=uuid4()),
    )

    assert [refused.reason for refused in await engagement.events(TaskRefused)] == ["unknown_team"] * 2


async def test_an_absurd_time_is_set_aside_and_stops_nobody_else(engagement: RunningService) -> None:
    await engagement.receive(
        requested(AssignTask(team="community_team", due_minutes=2**40), member_id=uuid4()),
        requested(TASK, member_id=uuid4()),
    )

    assert len(await engagement.events(TaskOpened)) == 1
    assert await engagement.db.fetchval("SELECT reason FROM dead_letter") == "poison"


async def test_an_open_task_that_is_withdrawn_is_closed_once(engagement: RunningService) -> None:
    asked = requested(TASK, member_id=uuid4())
    await engagement.receive(asked, withdrawn(asked), withdrawn(asked))

    [closed] = await engagement.events(TaskClosed)
    assert (closed.member_id, closed.outcome) == (asked.member_id, "withdrawn")
