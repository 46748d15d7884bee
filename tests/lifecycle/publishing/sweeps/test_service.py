"""Whom a sweep takes to another version is woken for what that brings them."""

import pytest

from factories.lifecycle import DAY, HOUR, START, Life, member, registered
from factories.lifecycle_rows import check
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

ANNA = member(1)
WEEKLY = SMALL_TEXT.rstrip() + '\n  weekly: {when: {schedule: [mon], at: "10:00"}, reenter: each, do: [{points: 1}]}\n'


async def test_whoever_had_nothing_before_them_is_armed(life: Life) -> None:
    await life.happen(registered(ANNA))
    for days in range(1, 101):
        await life.pass_to(START + days * DAY)
    assert await life.service.db.fetchval("SELECT count(*) FROM member_timer") == 0, "nothing is due any more"
    await life.publish(WEEKLY)
    await life.pass_to(START + 100 * DAY + HOUR)
    await life.walk()
    await check(life.service.db)
    for days in range(101, 109):
        await life.pass_to(START + days * DAY)
    acted = {each["rule"] for each in (await life.get(f"/members/{ANNA}/actions"))["items"]}
    assert "weekly" in acted
