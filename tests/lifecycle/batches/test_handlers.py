from datetime import timedelta

import pytest

from common.contracts.lifecycle import ActionRequested, HealthChanged, IssueCoupon, SendMessage, StageChanged
from factories.lifecycle import DAY, HOUR, START, Life, member, midnight, ordered, registered

pytestmark = pytest.mark.integration

ANNA = member(1)


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


async def test_what_happened_is_counted(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA, amount_minor=700), ordered(member(2), amount_minor=300))

    [summary, _] = sorted((await life.get("/members"))["items"], key=lambda each: -each["metrics"]["orders"]["sum"])
    assert summary["member_id"] == str(ANNA)
    assert summary["metrics"]["orders"] == {
        "count": 1,
        "sum": 700,
        "days": 1,
        "first_day": "2026-03-02",
        "last_day": "2026-03-02",
    }
    counts = await life.get("/transition-counts", from_="2026-03-01", to="2026-03-31", by="month")
    assert {(each["previous"], each["current"]): each["transitions"] for each in counts["items"]} == {
        (None, "active"): 2,
        (None, "acquire"): 2,
        ("acquire", "convert"): 2,
    }
    assert {each["period"] for each in counts["items"]} == {"2026-03-01"}
    assert (await life.get("/action-counts"))["items"] == [
        {"rule": "welcome", "kind": "issue_coupon", "state": "requested", "actions": 1},
        {"rule": "welcome", "kind": "send_message", "state": "requested", "actions": 1},
    ]
    assert (await life.get("/members/me", member_id=ANNA))["stage"] == "convert"
    assert len((await life.get(f"/members/{ANNA}/transitions"))["items"]) == 3
    assert len((await life.get(f"/members/{ANNA}/actions"))["items"]) == 2
    assert len((await life.get("/actions", rule="welcome", state="requested"))["items"]) == 2
