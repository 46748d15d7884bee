"""The shipped policy on real rows: what it asks for, takes back, and how deep causes lie."""

from typing import Any

import pytest

from common.contracts.engagement import ComplaintOpened
from common.contracts.envelope import Envelope, decode
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from common.contracts.members import ConsentChanged, RewardRetained, RewardWithdrawn
from common.ids import new_id
from factories.lifecycle import DAY, HOUR, START, Life, granted, member, midnight, ordered, read, registered, voided
from factories.lifecycle_rows import check
from lifecycle.actions.withdrawals.domain import MOST_ASKS
from lifecycle.authoring.service import shipped_text

SHIPPED = shipped_text().decode()
pytestmark = [pytest.mark.integration, pytest.mark.parametrize("lives_by", [SHIPPED], indirect=True)]

ANNA = member(2)


def agreed(at: Any = START) -> ConsentChanged:
    return ConsentChanged(member_id=ANNA, purpose="promo", version="v1", given=True, changed_at=at)


async def envelopes(life: Life, kind: type[Event]) -> list[Envelope]:
    rows = await life.service.db.fetch("SELECT envelope FROM outbox WHERE type = $1 ORDER BY id", kind.type_name())
    return [decode(row["envelope"])[0] for row in rows]


async def thanked(life: Life) -> tuple[ActionRequested, Any]:
    """Anna bought and was asked to be thanked for it; the asking, and her order."""
    order = ordered(ANNA)
    await life.happen(registered(ANNA), agreed(), order)
    await life.pass_to(START + 2 * HOUR)
    [thanks] = [each for each in await life.service.events(ActionRequested) if each.rule == "thanks"]
    return thanks, order


async def states(life: Life) -> dict[str, tuple[str, str | None]]:
    actions = (await life.get("/actions"))["items"]
    return {each["rule"]: (each["state"], each["reason"]) for each in actions if each["kind"] == "issue_coupon"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("withdrawn", ("undone", None)), ("retained", ("kept", "spent"))],
)
async def test_an_order_that_is_voided_takes_the_thanks_back(life: Life, answer: str, expected: Any) -> None:
    thanks, order = await thanked(life)
    assert thanks.consent == "promo"
    await life.happen(granted(thanks.action_id, ANNA))
    await life.happen(voided(order, START))
    told = await life.service.events(ActionWithdrawn)
    assert told == [ActionWithdrawn(action_id=thanks.action_id, member_id=ANNA, rule="thanks", kind="issue_coupon")]
    assert (await states(life))["thanks"] == ("undoing", None)

    which: dict[str, Any] = {"action_id": thanks.action_id, "member_id": ANNA, "kind": "coupon"}
    await life.happen(
        RewardWithdrawn(**which, withdrawn_at=START)
        if answer == "withdrawn"
        else RewardRetained(**which, reason="spent")
    )
    assert (await states(life))["thanks"] == expected
    counts = {(each["rule"], each["state"]): each["actions"] for each in (await life.get("/action-counts"))["items"]}
    assert counts["thanks", expected[0]] == 1
    await check(life.service.db)


async def test_all_of_it_in_one_batch_ends_the_same(life: Life) -> None:
    thanks, order = await thanked(life)
    at = life.clock.now()
    back = RewardWithdrawn(action_id=thanks.action_id, member_id=ANNA, kind="coupon", withdrawn_at=at)
    events: list[Event] = [granted(thanks.action_id, ANNA), voided(order, at), back]
    await life.hand_over([read(event, at, number=100 + n) for n, event in enumerate(events)])
    assert (await states(life))["thanks"] == ("undone", None)
    await check(life.service.db)


async def test_a_withdrawal_that_meets_silence_is_told_again_a_few_times(life: Life) -> None:
    thanks, order = await thanked(life)
    await life.happen(granted(thanks.action_id, ANNA))
    await life.happen(voided(order, START))
    for hours in range(3, 24 * 14, 3):
        await life.pass_to(START + hours * HOUR)
    told = await envelopes(life, ActionWithdrawn)
    assert len({each.id for each in told}) == len(told) == MOST_ASKS
    assert len(set(await life.service.events(ActionWithdrawn))) == 1


async def test_depth_is_counted_along_causes_and_through_what_waits(life: Life) -> None:
    registration = read(registered(ANNA), START, number=1)
    await life.hand_over([registration])
    welcome = await envelopes(life, ActionRequested)
    assert {each.causationdepth for each in welcome} == {1}
    assert {each.causationid for each in welcome} == {registration.envelope.id}

    await thanked(life)
    [*_, thanks] = await envelopes(life, ActionRequested)
    assert (thanks.causationid, thanks.causationdepth) == (None, 1)  # an hour later, by time, for an event


async def test_the_calendar_brings_offers_on_the_next_morning(life: Life) -> None:
    await life.happen(registered(ANNA), agreed())
    assert await life.service.runtime.service.next_due(life.service.db) == START + HOUR  # silence is answered first
    await life.pass_to(midnight(START, days=1) + 11 * HOUR)
    asked = [each for each in await life.service.events(ActionRequested) if each.rule == "seven_days"]
    assert [(each.key, each.valid_until) for each in asked] == [("1", midnight(START, days=2) - HOUR / 3_600_000_000)]


async def test_somebody_is_asked_to_look_after_a_complaint(life: Life) -> None:
    complaint = ComplaintOpened(complaint_id=new_id(), member_id=ANNA, topic="late", opened_at=START)
    await life.happen(registered(ANNA), complaint, complaint)
    asked = [each for each in await life.service.events(ActionRequested) if each.rule == "complaint"]
    assert [(each.action.__class__.__name__, each.key) for each in asked] == [
        ("AssignTask", str(complaint.complaint_id))
    ]
    assert asked[0].valid_until == START + 2 * DAY
