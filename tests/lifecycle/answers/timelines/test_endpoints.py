from typing import Any
from uuid import UUID, uuid4

import pytest

from common.auth.principal import Role
from factories.guarded_histories import live, policy_text
from factories.lifecycle import DAY, START, Life

pytestmark = pytest.mark.integration


@pytest.fixture
def lives_by() -> str:
    return policy_text()


@pytest.fixture
def guarded(lives_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)


async def busiest(life: Life) -> UUID:
    rows = await life.service.db.fetch("SELECT member_id FROM receipt GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    member_id: UUID = rows[0]["member_id"]
    return member_id


async def timeline(life: Life, who: UUID, *, limit: int, **query: Any) -> list[Any]:
    """All of its pages."""
    found: list[Any] = []
    page = await life.get(f"/members/{who}/timeline", limit=limit, **query)
    found += page["items"]
    while page["next_cursor"]:
        page = await life.get(f"/members/{who}/timeline", limit=limit, cursor=page["next_cursor"], **query)
        found += page["items"]
    return found


async def test_everything_is_on_it_once_the_latest_first_whatever_the_pages(guarded: None, life: Life) -> None:
    await live(life, 3, days=12)
    who = await busiest(life)
    whole = await timeline(life, who, limit=200)
    assert await timeline(life, who, limit=3) == whole

    moments = [each["moment"] for each in whole]
    assert moments == sorted(moments, reverse=True)
    for table, kind in (("transition", "transition"), ("receipt", "decision"), ("action", "action")):
        rows = await life.service.db.fetch(f"SELECT count(*) AS rows FROM {table} WHERE member_id = $1", who)
        assert sum(each["kind"] == kind and each[kind] is not None for each in whole) == rows[0]["rows"] > 0


async def test_kinds_and_days_are_chosen(guarded: None, life: Life) -> None:
    await live(life, 3, days=12)
    who = await busiest(life)
    whole = await timeline(life, who, limit=200)
    moved = await timeline(life, who, limit=2, kind="transition")
    assert moved == [each for each in whole if each["kind"] == "transition"]
    first, last = (START + 3 * DAY), (START + 8 * DAY)
    some = await timeline(life, who, limit=2, from_=first.isoformat(), to=last.isoformat())
    bounds = f"{first:%Y-%m-%dT%H:%M:%SZ}", f"{last:%Y-%m-%dT%H:%M:%SZ}"
    assert some == [each for each in whole if bounds[0] <= each["moment"] < bounds[1]]
    assert some


BACKWARDS = "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("query", "status"),
    [("kind=dream", 422), ("limit=0", 422), ("cursor=x", 422), ("from=today", 422), (BACKWARDS, 422)],
)
async def test_what_makes_no_sense_is_refused(life: Life, query: str, status: int) -> None:
    answer = await life.service.client.get(
        f"/lifecycle/v1/members/{uuid4()}/timeline?{query}", headers=life.service.headers(Role.OPERATOR)
    )
    assert answer.status_code == status
