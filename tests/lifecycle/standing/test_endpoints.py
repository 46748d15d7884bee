import pytest

from factories.lifecycle import DAY, START, Life, chatted, member, ordered, registered

pytestmark = pytest.mark.integration


async def test_members_are_counted_where_they_stand(life: Life) -> None:
    assert (await life.get("/standing-counts"))["members"] == 0
    await life.happen(registered(member(1)), ordered(member(2)), chatted(member(3)))
    await life.pass_to(START + 9 * DAY)

    assert await life.get("/standing-counts") == {
        "members": 3,
        "stages": {"acquire": 1, "activate": 1, "retain": 0, "convert": 1, "repurchase": 0},
        "health": {"lost": 0, "dormant": 0, "at_risk": 2, "active": 1},
        "items": [
            {"stage": "acquire", "health": "at_risk", "members": 1},
            {"stage": "activate", "health": "at_risk", "members": 1},
            {"stage": "convert", "health": "active", "members": 1},
        ],
    }
