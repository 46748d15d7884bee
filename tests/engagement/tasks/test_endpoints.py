from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from common.auth.principal import Role
from common.contracts.engagement import TaskClosed, TaskOpened
from common.contracts.lifecycle import AssignTask
from common.testing.services import RunningService
from engagement.tasks.service import show_overdue
from factories.members import requested, withdrawn

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/tasks"
ANN, BOB = UUID(int=1), UUID(int=2)


async def open_task(engagement: RunningService, *, hours: float = 2, **changes: Any) -> dict[str, Any]:
    body = {
        "member_id": str(uuid4()),
        "team": "community_team",
        "due_at": (datetime.now(UTC) + timedelta(hours=hours)).isoformat(),
        **changes,
    }
    answer = await engagement.client.post(PATH, json=body, headers=engagement.headers(Role.OPERATOR, key="new"))
    assert answer.status_code == 201, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


async def do(
    engagement: RunningService, task: dict[str, Any], verb: str, *, who: UUID = ANN, **body: Any
) -> httpx2.Response:
    return await engagement.client.post(
        f"{PATH}/{task['id']}/{verb}", json=body or None, headers=engagement.headers(Role.OPERATOR, member_id=who)
    )


async def listed(engagement: RunningService, **wanted: Any) -> list[str]:
    answer = await engagement.client.get(PATH, params=wanted, headers=engagement.headers(Role.OPERATOR))
    assert answer.status_code == 200, answer.text
    return [task["id"] for task in answer.json()["items"]]


async def test_a_task_is_taken_and_closed_by_one_person(engagement: RunningService) -> None:
    task = await open_task(engagement, note="call her")
    taken = await do(engagement, task, "take")

    assert (taken.json()["state"], taken.json()["taken_by"]) == ("taken", str(ANN))
    assert (await do(engagement, task, "take")).json() == taken.json()
    for answer in (
        await do(engagement, task, "take", who=BOB),
        await do(engagement, task, "close", who=BOB, outcome="done"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "task_taken")
    closed = await do(engagement, task, "close", outcome="done", note="called")
    assert closed.json()["state"] == "done"
    assert (await do(engagement, task, "close", outcome="done")).json() == closed.json()
    for answer in (
        await do(engagement, task, "take"),
        await do(engagement, task, "release"),
        await do(engagement, task, "close", outcome="given_up"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "task_over")
    read = await engagement.client.get(f"{PATH}/{task['id']}", headers=engagement.headers(Role.OPERATOR))
    assert read.json() == {**closed.json(), "note": "called"}
    assert len(await engagement.events(TaskOpened)) == 1
    [event] = await engagement.events(TaskClosed)
    assert (str(event.task_id), event.outcome, event.team) == (task["id"], "done", "community_team")


async def test_a_task_that_is_released_is_anybodys(engagement: RunningService) -> None:
    task = await open_task(engagement)
    await do(engagement, task, "take")
    released = await do(engagement, task, "release", who=BOB)

    assert (released.json()["state"], released.json()["taken_by"]) == ("open", None)
    assert (await do(engagement, task, "take", who=BOB)).status_code == 200


async def test_a_task_that_is_withdrawn_can_be_closed_no_more(engagement: RunningService) -> None:
    asked = requested(AssignTask(team="community_team", due_minutes=5), member_id=uuid4())
    await engagement.receive(asked)
    [task_id] = await listed(engagement, member_id=asked.member_id)
    await do(engagement, {"id": task_id}, "take")
    await engagement.receive(withdrawn(asked))

    answer = await do(engagement, {"id": task_id}, "close", outcome="done")
    assert (answer.json()["code"], answer.json()["detail"]) == ("task_over", "the task is withdrawn")


async def test_tasks_are_listed_by_team_state_member_and_time_in_pages(engagement: RunningService) -> None:
    await engagement.client.post(
        "/engagement/v1/teams",
        json={"code": "other", "name": "x"},
        headers=engagement.headers(Role.OPERATOR, key="new"),
    )
    late, soon, far, others = [
        (await open_task(engagement, hours=hours, team=team))["id"]
        for hours, team in ((-1, "community_team"), (1, "community_team"), (48, "community_team"), (1, "other"))
    ]
    await do(engagement, {"id": far}, "take")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    assert await listed(engagement, team="community_team") == [late, soon, far]
    assert await listed(engagement, state="taken") == [far]
    assert await listed(engagement, due_before=tomorrow) == [late, soon, others]
    assert await listed(engagement, overdue=True) == [late]
    await do(engagement, {"id": late}, "close", outcome="given_up")
    assert await listed(engagement, overdue=True) == []
    headers = engagement.headers(Role.OPERATOR)
    first = (await engagement.client.get(f"{PATH}?limit=3", headers=headers)).json()
    rest = (await engagement.client.get(f"{PATH}?cursor={first['next_cursor']}", headers=headers)).json()
    assert [task["id"] for task in first["items"] + rest["items"]] == [late, soon, far, others]


async def test_what_is_overdue_is_measured_for_every_team(engagement: RunningService) -> None:
    task = await open_task(engagement, hours=-1)
    await show_overdue(engagement.db)
    metric = 'engagement_tasks_overdue{team="community_team"}'
    assert f"{metric} 1.0" in (await engagement.client.get("/engagement/metrics")).text

    await do(engagement, task, "close", outcome="done")
    await show_overdue(engagement.db)
    assert f"{metric} 0.0" in (await engagement.client.get("/engagement/metrics")).text


async def test_a_task_for_no_team_or_of_nobody_is_refused(engagement: RunningService) -> None:
    headers = engagement.headers(Role.OPERATOR, key="new")
    body = {"member_id": str(uuid4()), "team": "nobody", "due_at": datetime.now(UTC).isoformat()}
    answer = await engagement.client.post(PATH, json=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "team_not_found")
    assert (await do(engagement, {"id": uuid4()}, "take")).json()["code"] == "task_not_found"
