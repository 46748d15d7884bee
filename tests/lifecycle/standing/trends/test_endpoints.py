from typing import Any

import pytest

from common.contracts.members import MemberErased, MemberMerged
from factories.lifecycle import DAY, START, Life, member, ordered, registered
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

ANNA, BEN, CARL, DORA = map(member, range(1, 5))


@pytest.fixture
def lives_by() -> str:
    return f"{SMALL_TEXT}\nsegments: {{buyer: orders.count >= 1}}\n"


async def stages(life: Life, first: str, last: str, by: str = "day") -> dict[str, Any]:
    answer = await life.get("/standing-trend", from_=first, to=last, by=by)
    assert answer["time_zone"] == "Asia/Shanghai"
    return {each["period"]: each["stages"] for each in answer["items"]}


async def test_how_many_stood_where_at_the_end_of_each_day_and_month(life: Life) -> None:
    await life.happen(registered(ANNA), registered(BEN))
    await life.pass_to(START + 2 * DAY)
    await life.happen(ordered(ANNA, START + 2 * DAY), registered(CARL, START + 2 * DAY))
    await life.pass_to(START + 31 * DAY)
    assert await stages(life, "2026-03-01", "2026-03-04") == {
        "2026-03-01": {},
        "2026-03-02": {"acquire": 2},
        "2026-03-03": {"acquire": 2},
        "2026-03-04": {"acquire": 2, "convert": 1},
    }
    months = (await life.get("/standing-trend", from_="2026-02-01", to="2026-12-31", by="month"))["items"]
    assert [each["period"] for each in months] == ["2026-02-01", "2026-03-01", "2026-04-01"], (
        "what is to come is left out"
    )
    now = await life.get("/standing-counts")
    assert months[-1]["health"] == {name: members for name, members in now["health"].items() if members}
    assert months[-1]["segments"] == {"buyer": 1}
    assert months[0] == {"period": "2026-02-01", "stages": {}, "health": {}, "segments": {}}
    assert await stages(life, "2027-01-01", "2027-01-02") == {}


async def test_who_is_another_by_now_or_erased_is_in_none_of_them(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(BEN), ordered(CARL), registered(DORA))
    await life.pass_to(START + 2 * DAY)
    await life.happen(
        MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START + 2 * DAY),
        MemberErased(member_id=DORA, erased_at=START + 2 * DAY),
    )
    for _ in range(3):
        await life.tick(life.clock.now())
    assert await stages(life, "2026-03-02", "2026-03-04") == {
        "2026-03-02": {"acquire": 1, "convert": 1},
        "2026-03-03": {"acquire": 1, "convert": 1},
        "2026-03-04": {"convert": 2},
    }
