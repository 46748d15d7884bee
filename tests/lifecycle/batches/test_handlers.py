from datetime import timedelta
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.bus import dead_letters
from common.bus.dead_letters import Reason, SetAside
from common.bus.lanes import lane_of
from common.contracts.envelope import decode
from common.contracts.lifecycle import ActionRequested, HealthChanged, IssueCoupon, SendMessage, StageChanged
from factories.lifecycle import DAY, HOUR, START, Life, member, midnight, ordered, read, registered
from factories.lifecycle_rows import check

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)


async def test_a_registration_is_welcomed(life: Life) -> None:
    await life.happen(registered(ANNA))

    assert [event.current for event in await life.service.events(StageChanged)] == ["acquire"]
    asked = await life.service.events(ActionRequested)
    assert [each.action for each in asked] == [
        SendMessage(template="welcome", channel="inbox"),
        IssueCoupon(template="newcomer_3"),
    ]
    seen = await life.member(ANNA)
    assert (seen["stage"], seen["health"]) == ("acquire", "active")
    assert [each["kind"] for each in seen["actions"]] == ["issue_coupon", "send_message"]


async def test_a_first_order_converts_and_is_thanked_an_hour_later(life: Life) -> None:
    await life.happen(registered(ANNA))
    await life.happen(ordered(ANNA))
    stages = [(event.previous, event.current) for event in await life.service.events(StageChanged)]
    assert stages == [(None, "acquire"), ("acquire", "convert")]

    await life.pass_to(START + HOUR)
    assert len(await life.service.events(ActionRequested)) == 2
    await life.pass_to(START + HOUR + timedelta(seconds=1))
    [thanks] = [each for each in await life.service.events(ActionRequested) if each.rule == "thanks"]
    assert thanks.valid_until == START + HOUR + 2 * DAY


async def test_who_stays_away_falls_on_the_right_business_day(life: Life) -> None:
    await life.happen(registered(ANNA))
    for day in range(1, 70):
        await life.pass_to(START + day * DAY)

    told = [(event.current, event.at, event.cause) for event in await life.service.events(HealthChanged)]
    assert told == [
        ("active", START, "event"),
        ("at_risk", midnight(START, days=8), "time"),
        ("dormant", midnight(START, days=31), "time"),
        ("lost", midnight(START, days=61), "time"),
    ]
    counts = await life.get("/standing-counts")
    assert counts["health"] == {"lost": 1, "dormant": 0, "at_risk": 0, "active": 0}


async def test_what_an_event_caused_names_it_and_what_time_caused_names_nothing(life: Life) -> None:
    await life.tick(START + 2 * DAY)
    event = read(ordered(ANNA), START, number=1)
    await life.hand_over([event])
    later = read(ordered(ANNA), START + HOUR * 2, number=2)  # it finds that thanks are due
    await life.hand_over([later])

    causes: dict[str, set[UUID | None]] = {}
    for row in await life.service.db.fetch("SELECT envelope FROM outbox WHERE key = $1 ORDER BY id", str(ANNA)):
        envelope, told = decode(row["envelope"])
        causes.setdefault(told.NAME, set()).add(envelope.causationid)
    assert causes == {
        "stage.changed": {event.envelope.id},
        "health.changed": {event.envelope.id},
        "action.requested": {None},
    }


async def test_an_event_that_cannot_be_counted_is_set_aside_alone(life: Life) -> None:
    most = 2**63 - 1
    await life.happen(*(ordered(ANNA, amount_minor=most) for _ in range(4)), ordered(BEN))

    letters = await dead_letters.list_letters(life.service.db)
    assert [letter["reason"] for letter in letters] == ["poison", "poison"]
    assert (await life.member(ANNA))["metrics"]["orders"]["sum"] == 2 * most
    assert (await life.member(BEN))["metrics"]["orders"]["count"] == 1
    await check(life.service.db)


async def test_a_dead_letter_is_replayed_where_no_consumer_runs(life: Life) -> None:
    late = read(registered(ANNA), START, number=1)
    async with life.service.db.transaction() as uow:
        await dead_letters.set_aside(uow, group="lifecycle", letters=[SetAside(late.row, Reason.FUTURE, "too early")])
    [letter] = await dead_letters.list_letters(life.service.db)
    answer = await life.service.client.post(
        f"/lifecycle/v1/dead-letters/{letter['id']}/replay", headers=life.service.headers(Role.OPERATOR)
    )
    assert answer.status_code == 204, answer.text
    assert (await life.member(ANNA))["stage"] == "acquire"


async def test_a_worker_whose_clock_is_behind_does_not_turn_the_gate_back(life: Life) -> None:
    """What is too late to be acted on stays too late, whoever carries out the next batch."""
    await life.clock.advance_to(START + 3 * DAY)
    await life.hand_over([read(registered(ANNA), START + 3 * DAY, number=1)])
    life.clock._now = START
    same_lane = next(who for who in map(member, range(2, 100)) if lane_of(str(who)) == lane_of(str(ANNA)))
    await life.hand_over([read(registered(same_lane), START, number=2)])

    assert {each.member_id for each in await life.service.events(ActionRequested)} == {ANNA}
