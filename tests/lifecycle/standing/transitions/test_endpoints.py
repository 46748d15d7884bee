from typing import Any

import pytest

from common.auth.principal import Role
from factories.lifecycle import DAY, START, Life, member, ordered, registered

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)


async def counted(life: Life, first: str, last: str, by: str) -> dict[tuple[Any, ...], int]:
    answer = await life.get("/transition-counts", from_=first, to=last, by=by)
    assert answer["time_zone"] == "Asia/Shanghai"
    return {
        (each["period"], each["dimension"], each["previous"], each["current"]): each["transitions"]
        for each in answer["items"]
    }


async def test_transitions_are_counted_by_the_business_calendar(life: Life) -> None:
    await life.happen(registered(ANNA), registered(BEN))
    for day in (9, 31, 40):
        await life.pass_to(START + day * DAY)

    assert await counted(life, "2026-03-01", "2026-04-30", "month") == {
        ("2026-03-01", "stage", None, "acquire"): 2,
        ("2026-03-01", "health", None, "active"): 2,
        ("2026-03-01", "health", "active", "at_risk"): 2,
        ("2026-04-01", "health", "at_risk", "dormant"): 2,
    }
    # At midnight in Shanghai it is the day before in UTC.
    assert await counted(life, "2026-03-10", "2026-03-10", "day") == {("2026-03-10", "health", "active", "at_risk"): 2}
    assert await counted(life, "2026-03-09", "2026-03-09", "day") == {}
    assert await counted(life, "2026-03-05", "2026-04-30", "month") == {
        ("2026-03-05", "health", "active", "at_risk"): 2,
        ("2026-04-01", "health", "at_risk", "dormant"): 2,
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-03-02&to=2026-03-01", "range_invalid"),
        ("from=2020-01-01&to=2026-03-01&by=day", "range_invalid"),
        ("from=2020-01-01", "request_invalid"),
        ("from=1999-01-01&to=2026-03-01", "request_invalid"),
        ("from=2026-03-01&to=2026-03-01&by=week", "request_invalid"),
    ],
)
async def test_a_range_that_makes_no_sense_is_refused(life: Life, query: str, code: str) -> None:
    answer = await life.service.client.get(
        f"/lifecycle/v1/transition-counts?{query}", headers=life.service.headers(Role.OPERATOR)
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code


async def test_a_timeline_is_given_page_by_page(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA), ordered(BEN))
    await life.pass_to(START + 100 * DAY)
    values = []
    cursor = None
    while True:
        page = await life.get(f"/members/{ANNA}/transitions", limit=2, **({"cursor": cursor} if cursor else {}))
        values += [each["current"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert values == ["lost", "dormant", "convert", "active", "acquire"]
