"""Law 3: timers are derived. Without them nobody is forgotten, only woken by another hand."""

import pytest

from common.bus.lanes import lane_of
from factories.lifecycle import DAY, HOUR, START, Life, chatted, member, ordered, read, registered
from factories.lifecycle_rows import check, forget, rows
from lifecycle.batches.timers import service
from lifecycle.jobs import arm_timers

pytestmark = pytest.mark.integration

MEMBERS = [member(number) for number in range(6)]


async def live(life: Life, *, losing: bool) -> object:
    """Forty days of six members, with all timers lost every day, or not. The clock cannot go back, so ticks carry the time."""
    await forget(life.service.db)
    for number, who in enumerate(MEMBERS):
        event = ordered(who) if number % 2 else chatted(who)
        await life.hand_over([read(registered(who), START, number=number), read(event, START, number=number)])
    for day in range(40):
        if losing:
            async with life.service.db.transaction() as uow:
                await uow.execute("DELETE FROM member_timer")
            await arm_timers(life.service.db)
        await life.tick(START + day * DAY)
    await check(life.service.db)
    return await rows(life.service.db)


async def test_losing_every_timer_and_arming_anew_changes_nothing(life: Life) -> None:
    one = await live(life, losing=True)
    assert one == await live(life, losing=False)


async def test_who_is_armed_is_left_alone(life: Life) -> None:
    await life.happen(*(registered(who) for who in MEMBERS))
    alarm = service.Alarm()
    assert await service.arm_all(life.service.db, alarm=alarm) == 0
    async with life.service.db.transaction() as uow:
        await uow.execute("UPDATE member_timer SET due_at = due_at + interval '1 day' WHERE member_id = $1", MEMBERS[0])
        await uow.execute("DELETE FROM member_timer WHERE member_id = $1", MEMBERS[1])
        await uow.execute("UPDATE member_timer SET due_at = due_at - interval '1 day' WHERE member_id = $1", MEMBERS[2])
    assert await service.arm_all(life.service.db, alarm=alarm) == 2
    await check(life.service.db)


async def test_an_early_timer_is_harmless(life: Life) -> None:
    await life.happen(registered(MEMBERS[0]))
    before = await rows(life.service.db)
    async with life.service.db.transaction() as uow:
        await uow.execute("UPDATE member_timer SET due_at = $1", START - DAY)
    await life.tick(START)
    assert await rows(life.service.db) == before
    assert await service.next_due(life.service.db) == START + HOUR


async def test_the_first_timer_is_found_in_every_lane(life: Life) -> None:
    assert await service.next_due(life.service.db) is None
    await life.happen(*(registered(who) for who in MEMBERS))
    assert await service.next_due(life.service.db) == START + HOUR


def test_an_alarm_rings_at_its_earliest_time_and_at_first_always() -> None:
    alarm = service.Alarm()
    assert alarm.rings(3, START)
    alarm.forget([3])
    assert not alarm.rings(3, START)
    alarm.hear(3, START + DAY)
    alarm.hear(3, START + HOUR)
    alarm.hear(3, START + 2 * DAY)
    assert not alarm.rings(3, START)
    assert alarm.rings(3, START + HOUR)


def test_an_alarm_rings_in_its_own_lane_only() -> None:
    alarm = service.Alarm()
    alarm.forget([3, 4])
    alarm.hear(3, START)
    assert alarm.rings(3, START)
    assert not alarm.rings(4, START + DAY)
    assert alarm.rings(5, START)


async def test_what_is_due_is_found_in_the_lanes_that_are_asked_for(life: Life) -> None:
    await life.happen(*(registered(who) for who in MEMBERS))
    lanes = {who: lane_of(str(who)) for who in MEMBERS}
    for some in (set(lanes.values()), {lanes[MEMBERS[0]]}, set[int]()):
        due = await service.find_due(life.service.db, lanes=some, until=START + HOUR, limit=10)
        assert due == {who: lane for who, lane in lanes.items() if lane in some}
