"""Law 5: nobody falls over unread input. And whoever cannot be moved holds up nobody."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common.bus.lanes import lane_of
from common.bus.locks import EVERY_LANE
from common.contracts.lifecycle import ActionRequested, HealthChanged
from common.runtime import Runtime, Worker
from common.testing.waiting import eventually
from factories.lifecycle import (
    DAY,
    HOUR,
    INSTANT,
    START,
    Life,
    chatted,
    granted,
    member,
    midnight,
    ordered,
    read,
    refused,
    registered,
)
from factories.lifecycle_rows import check
from lifecycle.batches import service as batches
from lifecycle.batches.domain import Subject
from lifecycle.batches.ticks import service
from lifecycle.batches.ticks.service import Ticks

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)


def everyone(moment: datetime, **others: datetime | None) -> dict[int, dict[str, datetime | None]]:
    """Every lane is complete to that moment."""
    return {lane: {"orders": moment, "members": moment, "engagement": moment, **others} for lane in EVERY_LANE}


def told(lanes: Collection[int], moment: datetime) -> dict[int, dict[str, datetime | None]]:
    """As a member is told that has only these lanes."""
    return {lane: everyone(moment)[lane] for lane in lanes}


async def healths(life: Life) -> list[str]:
    return [event.current for event in await life.service.events(HealthChanged)]


async def regular(life: Life) -> None:
    """Anna orders on two days in a row: she is at risk from the 15th day after on."""
    await life.hand_over([read(ordered(ANNA), START, number=1)])
    await life.tick(START + DAY)
    await life.hand_over([read(ordered(ANNA, START + DAY), START + DAY, number=2)])


async def test_a_producer_that_says_nothing_holds_time(life: Life) -> None:
    await regular(life)
    ticks = Ticks(life.service.runtime)
    await life.clock.advance_to(START + 40 * DAY)
    await ticks(everyone(START + 40 * DAY, orders=START + 10 * DAY))
    assert await healths(life) == ["active"]
    registry = life.service.runtime.registry
    assert registry.get_sample_value("lifecycle_watermark_age_seconds") == (30 * DAY).total_seconds()

    unknown = Ticks(life.service.runtime)
    await unknown(everyone(START + 40 * DAY, orders=None))
    assert await healths(life) == ["active"]

    await ticks(everyone(START + 40 * DAY))
    assert await healths(life) == ["active", "at_risk"]
    assert registry.get_sample_value("lifecycle_watermark_age_seconds") == 0


async def test_an_event_that_overtakes_another_producers_waits_for_it(life: Life) -> None:
    """The relay of orders is down from the second day on; a chat message must not carry the buyer over the day they would
    have become at risk without the order that is not read yet.
    """
    await regular(life)
    await life.tick(START + 10 * DAY)
    chats = [read(chatted(ANNA), START + day * DAY, number=day) for day in (17, 18)]
    await life.hand_over(chats[:1])
    await life.hand_over(chats[1:])
    waiting = await life.member(ANNA)
    assert waiting["waiting_events"] == 2
    assert waiting["metrics"]["chat"]["count"] == 0

    late = START + 14 * DAY
    await life.hand_over([read(ordered(ANNA, late), late, number=3)])
    assert (await life.member(ANNA))["metrics"]["orders"]["count"] == 3
    await life.tick(START + 20 * DAY)
    after = await life.member(ANNA)
    assert after["waiting_events"] == 0
    assert after["metrics"]["chat"]["count"] == 2
    assert datetime.fromisoformat(after["at"]) == START + 18 * DAY
    assert await healths(life) == ["active"]
    await check(life.service.db)


async def test_what_waits_is_stepped_once_time_has_taken_its_course(life: Life) -> None:
    await regular(life)
    await life.hand_over([read(chatted(ANNA), START + 17 * DAY, number=1)])
    await life.tick(START + 15 * DAY)
    assert await healths(life) == ["active"]
    await life.tick(START + 17 * DAY - INSTANT)

    entered = [(event.current, event.at, event.cause) for event in await life.service.events(HealthChanged)]
    assert entered == [("active", START, "event"), ("at_risk", midnight(START, days=16), "time")]
    assert (await life.member(ANNA))["metrics"]["chat"]["count"] == 1


async def test_silence_is_answered_under_the_same_id_until_something_is_heard(life: Life) -> None:
    await life.happen(registered(ANNA))
    message, coupon = await life.service.events(ActionRequested)
    await life.pass_to(START + HOUR + INSTANT)
    assert await life.service.events(ActionRequested) == [message, coupon] * 2
    assert {(each["state"], each["asks"]) for each in (await life.get("/actions"))["items"]} == {("unknown", 2)}

    await life.happen(granted(coupon.action_id, ANNA), refused(message.action_id, ANNA))
    await life.pass_to(START + DAY)
    assert len(await life.service.events(ActionRequested)) == 4
    assert {(each["state"], each["reason"]) for each in (await life.get("/actions"))["items"]} == {
        ("done", None),
        ("refused", "supply_exhausted"),
    }
    await check(life.service.db)


async def test_nobody_is_woken_for_a_silence_that_has_ended(life: Life) -> None:
    await life.happen(registered(ANNA))
    asked = await life.service.events(ActionRequested)
    await life.happen(*(granted(each.action_id, ANNA) for each in asked))

    assert await life.service.runtime.service.next_due(life.service.db) == START + 2 * DAY  # say hello


async def test_an_outcome_for_somebody_else_changes_nothing(life: Life) -> None:
    await life.happen(registered(ANNA), registered(BEN))
    asked = [each for each in await life.service.events(ActionRequested) if each.member_id == ANNA]
    await life.happen(*(granted(each.action_id, BEN) for each in asked))

    assert {each["state"] for each in (await life.get("/actions"))["items"]} == {"requested"}
    assert await life.service.db.fetchval("SELECT count(*) FROM dead_letter") == 0
    await check(life.service.db)


async def test_a_waiting_event_that_fails_is_set_aside(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await regular(life)
    await life.hand_over([read(chatted(ANNA), START + 17 * DAY, number=1)])
    await life.hand_over([read(chatted(ANNA), START + 17 * DAY + HOUR, number=2)])
    original = batches.load

    async def load(*args: Any) -> Any:
        batch = await original(*args)
        [subject] = batch.subjects.values()
        turn = subject.queue[0]
        broken = msgspec.structs.replace(turn.arrival.event, messages=None)
        subject.queue[0] = msgspec.structs.replace(turn, arrival=msgspec.structs.replace(turn.arrival, event=broken))
        return batch

    monkeypatch.setattr(batches, "load", load)
    await life.tick(START + 18 * DAY)

    [letter] = await life.service.db.fetch("SELECT * FROM dead_letter")
    assert (letter["reason"], letter["type"]) == ("poison", "huitou.engagement.chat.message_counted.v1")
    after = await life.member(ANNA)
    assert (after["waiting_events"], after["metrics"]["chat"]["count"], after["health"]) == (0, 1, "at_risk")


async def test_a_member_who_cannot_be_moved_is_put_off(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await life.happen(registered(ANNA), registered(BEN))
    original = Subject.wake

    def wake(subject: Subject[Any]) -> Any:
        assert subject.member is not None
        if subject.member.member_id == ANNA:
            raise ValueError("not to be moved")
        return original(subject)

    with monkeypatch.context() as patch:
        patch.setattr(Subject, "wake", wake)
        await life.pass_to(START + 9 * DAY)
    assert (await life.member(BEN))["health"] == "at_risk"
    assert (await life.member(ANNA))["health"] == "active"
    assert life.service.runtime.registry.get_sample_value("lifecycle_wakes_failed_total") == 1
    await life.pass_to(START + 9 * DAY + 2 * HOUR)
    assert (await life.member(ANNA))["health"] == "at_risk"


async def test_the_timers_are_not_looked_at_when_none_is_due(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await life.happen(registered(ANNA))
    ticks = Ticks(life.service.runtime)
    await ticks(everyone(START + HOUR / 2))
    looked = 0
    original = service.tick

    async def counted(*args: Any, **options: Any) -> int:
        nonlocal looked
        looked += 1
        return await original(*args, **options)

    monkeypatch.setattr(service, "tick", counted)
    monkeypatch.setattr(service, "LOOK_SECONDS", 3600.0)
    await ticks(everyone(START + HOUR / 2 + INSTANT))
    assert looked == 0
    assert not await ticks(everyone(START + HOUR))
    assert looked == 1
    await life.happen(ordered(BEN))  # thanked in an hour: this process armed it
    await ticks(everyone(START + HOUR + INSTANT))
    assert looked == 2


async def test_many_are_woken_in_several_goes(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [read(registered(member(number)), START, number=number) for number in range(1, 26)]
    await life.hand_over(many)
    monkeypatch.setattr(service, "LARGEST", 10)
    monkeypatch.setattr(service, "LONGEST_SECONDS", 0.0)
    ticks, goes = Ticks(life.service.runtime), 1
    while await ticks(everyone(START + 9 * DAY)):
        goes += 1
    assert goes == 3
    assert (await life.get("/standing-counts"))["health"]["at_risk"] == 25


async def in_each_lane(life: Life) -> dict[int, UUID]:
    """Lane → a member in it, who is at risk after some days of silence."""
    members = {lane_of(str(who)): who for who in (member(number) for number in range(100))}
    assert set(members) == set(EVERY_LANE)
    await life.happen(*(registered(who) for who in members.values()))
    return members


async def at_risk(life: Life) -> set[int]:
    """The lanes of those who are."""
    rows = await life.service.db.fetch("SELECT member_id FROM member WHERE health = 'at_risk'")
    return {lane_of(str(row["member_id"])) for row in rows}


async def test_time_in_one_lane_moves_nobody_in_another(life: Life) -> None:
    await in_each_lane(life)
    ticks = Ticks(life.service.runtime)
    await ticks(told(EVERY_LANE, START + HOUR) | told([3], START + 20 * DAY))
    assert await at_risk(life) == {3}
    await ticks(told([4, 5], START + 20 * DAY))
    assert await at_risk(life) == {3, 4, 5}
    rows = await life.service.db.fetch("SELECT lane, watermark FROM lane_clock")
    assert {row["lane"]: row["watermark"] for row in rows} == {
        lane: START + (20 * DAY if lane in {3, 4, 5} else HOUR) for lane in EVERY_LANE
    }
    await check(life.service.db)


async def test_two_processes_wake_each_its_own_lanes(life: Life) -> None:
    """Each is told of its own lanes only, and neither looks again and again because of who is due in the other's."""
    await in_each_lane(life)
    runtime = life.service.runtime
    low, high = range(6), range(6, 12)
    other = Runtime(runtime.service, runtime.settings, runtime.surroundings)
    async with other.running():
        ones, others = Ticks(runtime), Ticks(other)
        assert not await ones(told(low, START + 20 * DAY))
        assert await at_risk(life) == set(low)
        assert not await others(told(high, START + 20 * DAY))
        assert await at_risk(life) == set(EVERY_LANE)


async def test_who_is_due_in_a_lane_of_others_is_not_looked_for(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_each_lane(life)
    ticks = Ticks(life.service.runtime)
    await ticks(told(EVERY_LANE, START + HOUR / 2))  # knows of every lane when somebody is due there
    looked: list[Collection[int]] = []
    original = service.tick

    async def counted(*args: Any, lanes: Collection[int], **options: Any) -> int:
        looked.append(lanes)
        return await original(*args, lanes=lanes, **options)

    monkeypatch.setattr(service, "tick", counted)
    monkeypatch.setattr(service, "LOOK_SECONDS", 3600.0)
    await ticks(told([0, 1], START + 20 * DAY))
    await ticks(told([0, 1], START + 20 * DAY + INSTANT))
    assert looked == [[0, 1]]


async def test_a_lane_that_somebody_works_on_holds_nobody_up_for_long(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_each_lane(life)
    ticks, db = Ticks(life.service.runtime), life.service.db
    connection = await db.connect()
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM lane FOR UPDATE")
            assert not await ticks(told([3], START + 20 * DAY))
            began = monotonic()
            assert not await ticks(told([3], START + 20 * DAY))
            assert monotonic() - began < 1  # it rests
    finally:
        await connection.close()
    monkeypatch.setattr(service, "monotonic", lambda: monotonic() + service.LOOK_SECONDS)
    await ticks(told([3], START + 20 * DAY))
    assert await at_risk(life) == {3}


async def test_the_age_of_time_is_that_of_the_slowest_lane_it_has(life: Life) -> None:
    def age() -> object:
        return life.service.runtime.registry.get_sample_value("lifecycle_watermark_age_seconds")

    ticks = Ticks(life.service.runtime)
    await life.clock.advance_to(START + 10 * DAY)
    assert age() == (10 * DAY).total_seconds()  # nothing is known yet
    await ticks(told([3], START + 9 * DAY) | told([4], START + 8 * DAY))
    assert age() == (2 * DAY).total_seconds()
    await ticks(told([3], START + 9 * DAY))
    assert age() == DAY.total_seconds()
    await ticks({})  # there are more processes than lanes
    assert age() == 0


async def test_two_workers_of_the_group_do_everything_once(life: Life) -> None:
    """Both read the same logs and watch the same timers; the lane has one owner at a time."""
    members = [member(number) for number in range(20)]
    workers = [Worker(life.service.runtime) for _ in range(2)]
    for worker in workers:
        worker.consumer.start()
    try:
        for day in range(9):
            for who in members:
                await life.append(registered(who) if day == 0 else chatted(who))
            await life.clock.advance_to(START + (day + 1) * DAY)
        await life.clock.advance_to(START + 20 * DAY)

        async def are_at_risk() -> bool:
            counted = "SELECT count(*) FROM member WHERE health = 'at_risk'"
            return bool(await life.service.db.fetchval(counted) == len(members))

        async def have_chatted() -> bool:
            counted = "SELECT count(*) FROM member WHERE stage = 'retain'"
            return bool(await life.service.db.fetchval(counted) == len(members))

        await eventually(have_chatted)
        assert not await are_at_risk()  # orders have never said how far they are
        await life.append(ordered(member(99)))
        await eventually(are_at_risk)
    finally:
        await asyncio.gather(*(worker.stop() for worker in workers))
    seen = [await life.member(who) for who in members]
    assert {each["metrics"]["chat"]["count"] for each in seen} == {8}
    assert {each["stage"] for each in seen} == {"retain"}
    assert await healths(life) == ["active"] * 20 + ["active"] + ["at_risk"] * 20
    await check(life.service.db)


async def test_the_journal_of_a_quiet_shop_tells_the_time_every_five_minutes(life: Life) -> None:
    async def beats() -> int:
        found = await life.service.db.fetchval("SELECT count(*) FROM journal WHERE lane = 3 AND subjects = ''")
        return int(found)

    for minutes, told in ((0, 1), (0, 1), (4, 1), (5, 2), (9, 2), (300, 3)):
        await life.clock.advance_to(START + minutes * HOUR / 60)
        await life.tick(START + minutes * HOUR / 60 - INSTANT, lanes=[3])
        assert await beats() == told
    await life.hand_over([read(registered(ANNA), START, number=1)])
    await life.tick(START + 5 * HOUR)
    assert await beats() == 3  # the same moment again
    [last] = await life.service.db.fetch("SELECT * FROM journal WHERE lane = 3 ORDER BY number DESC LIMIT 1")
    assert (last["kind"], last["gate_at"]) == ("time", START + 5 * HOUR)
