import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.auth.principal import Role
from common.testing.waiting import eventually
from factories.lifecycle import Life, member
from factories.lifecycle_histories import live
from factories.policies import SMALL_TEXT
from lifecycle.replays import service

pytestmark = pytest.mark.integration

OPERATOR = member(99)
RANGE = {"from": "2026-03-01", "to": "2026-05-30"}


async def post(life: Life, **body: object) -> Any:
    return await life.service.client.post(
        "/lifecycle/v1/replays", json=RANGE | body, headers=life.service.headers(Role.OPERATOR, key="new")
    )


@pytest.fixture
def unstarted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been started."""
    started: list[Any] = []
    monkeypatch.setattr(service, "start", lambda *arguments: started.append(arguments))
    return started


@pytest.mark.slow
async def test_a_draft_is_tried_in_a_process_of_its_own(life: Life) -> None:
    await live(life, 4)
    answer = await post(life, policy=SMALL_TEXT.replace("7d", "3d"), costs={"newcomer_3": 300})
    assert answer.status_code == 202, answer.text
    replay_id = answer.json()["replay_id"]

    async def is_done() -> bool:
        return bool((await life.get(f"/replays/{replay_id}"))["state"] != "running")

    await eventually(is_done, seconds=60)
    found = await life.get(f"/replays/{replay_id}")
    assert (found["state"], found["error"]) == ("done", None)
    assert found["entries"] > 0
    assert found["report"]["heading"]["is_draft"]
    assert {line["rule"] for line in found["report"]["rules"]} >= {"welcome", "at_risk"}
    [listed] = (await life.get("/replays"))["items"]
    assert "report" not in listed


async def test_one_runs_at_a_time(life: Life, unstarted: list[Any]) -> None:
    answers = await asyncio.gather(*(post(life) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409]
    assert len(unstarted) == 1
    [running] = [answer.json()["replay_id"] for answer in answers if answer.status_code == 202]
    gone = await life.service.client.delete(
        f"/lifecycle/v1/replays/{running}", headers=life.service.headers(Role.OPERATOR)
    )
    assert gone.status_code == 204
    assert (await life.get(f"/replays/{running}"))["state"] == "cancelled"
    assert (await post(life)).status_code == 202


async def test_one_whose_process_is_gone_makes_room(life: Life, unstarted: list[Any]) -> None:
    first = (await post(life)).json()["replay_id"]
    async with life.service.db.transaction() as uow:
        await uow.execute("UPDATE replay SET beat_at = $1", datetime.now(UTC) - timedelta(hours=1))
    assert (await post(life)).status_code == 202
    assert len(unstarted) == 2
    lost = await life.get(f"/replays/{first}")
    assert (lost["state"], lost["error"]) == ("failed", service.GONE)


async def test_one_that_was_cancelled_ends_and_tells_what_it_knows(life: Life, unstarted: list[Any]) -> None:
    await live(life, 4)
    await post(life)
    [(installation, replay_id)] = unstarted
    async with life.service.db.transaction() as uow:
        await service.cancel(uow, replay_id, operator_id=OPERATOR)
    page = f"/lifecycle/v1/replays/{replay_id}/page"
    headers = life.service.headers(Role.OPERATOR)
    assert (await life.service.client.get(page, headers=headers)).json()["code"] == "report_missing"
    await service._carried_out(installation, replay_id)
    found = await life.get(f"/replays/{replay_id}")
    assert (found["state"], found["report"]["partial"]) == ("cancelled", True)
    assert found["cancelled_by"] == str(OPERATOR)
    read = await life.service.client.get(page, params={"language": "zh"}, headers=headers)
    assert read.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in read.headers["content-security-policy"]
    assert "未完成" in read.text


async def test_one_of_a_member_whom_nobody_knows_is_refused(life: Life) -> None:
    assert (await post(life, member_id=str(member(7)))).json()["code"] == "member_unknown"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"policy": "policy: x\n"}, 422, "metrics"),
        ({"to": "2026-02-01"}, 422, "not before"),
        ({"to": "2030-02-01"}, 422, "at most 400 days"),
        ({"more": 1}, 422, "more"),
    ],
)
async def test_what_cannot_be_tried_is_refused(
    life: Life, unstarted: list[Any], body: dict[str, object], status: int, told: str
) -> None:
    answer = await post(life, **body)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text
    assert unstarted == []
