"""Law 16, and nothing of an erased member: not in any row, not in a list, not after a back-fill; never asked for again."""

from typing import Any

import pytest

from common.auth.principal import Role
from common.contracts.lifecycle import ActionRequested
from common.contracts.members import MemberErased
from factories.lifecycle import DAY, HOUR, START, Life, chatted, granted, member, ordered, read, registered
from factories.lifecycle_rows import check, forget, rows
from factories.policies import changed
from lifecycle.receipts.domain import NOTHING

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)


def erased(who: Any, at: Any = START) -> MemberErased:
    return MemberErased(member_id=who, erased_at=at)


async def test_nothing_of_an_erased_member_is_kept(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA), chatted(ANNA))
    await life.happen(erased(ANNA))
    db = life.service.db
    for table in ("member_timer", "segment_member", "waiting_event", "receipt_count"):
        assert await db.fetchval(f"SELECT count(*) FROM {table} WHERE member_id = $1", ANNA) == 0
    values = await db.fetch("SELECT grounds FROM transition WHERE member_id = $1", ANNA)
    assert {str(row["grounds"]) for row in values} == {"{}"}
    assert {row["detail"] for row in await db.fetch("SELECT detail FROM receipt")} == {NOTHING}
    assert {row["state"] for row in await db.fetch("SELECT state FROM action")} == {"failed"}
    assert (await life.get("/members"))["items"] == []
    assert (await life.get("/standing-counts"))["members"] == 0
    await check(db)


async def test_asking_for_an_erased_member_says_so(life: Life) -> None:
    await life.happen(registered(ANNA), erased(ANNA))
    answer = await life.service.client.get(f"/lifecycle/v1/members/{ANNA}", headers=life.service.headers(Role.OPERATOR))
    assert (answer.status_code, answer.json()["code"]) == (404, "member_erased")
    assert "erased" in answer.json()["detail"]


async def test_what_is_read_later_changes_nothing_and_nothing_is_asked_for_again(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA))
    asked = await life.service.events(ActionRequested)
    await life.happen(erased(ANNA))
    before = await rows(life.service.db)
    await life.happen(registered(ANNA), ordered(ANNA), chatted(ANNA), granted(asked[0].action_id, ANNA), erased(ANNA))
    await life.pass_to(START + 100 * DAY)
    assert await rows(life.service.db) == before
    assert await life.service.events(ActionRequested) == asked


@pytest.mark.parametrize("together", [True, False])
async def test_an_outcome_behind_the_erasure_is_not_heard_whatever_the_batch(life: Life, together: bool) -> None:
    await life.hand_over([read(registered(ANNA), START, number=1)])
    asked = await life.service.events(ActionRequested)
    behind = [erased(ANNA), *(granted(each.action_id, ANNA) for each in asked)]
    feed = [read(event, START, number=number) for number, event in enumerate(behind, 2)]
    for batch in [feed] if together else [[each] for each in feed]:
        await life.hand_over(batch)
    found = await life.service.db.fetch("SELECT state, reason FROM action")
    assert {tuple(row) for row in found} == {("failed", "member_erased")}
    await check(life.service.db)


async def test_a_back_fill_and_a_sweep_leave_the_erased_alone(life: Life) -> None:
    await life.happen(registered(ANNA), ordered(ANNA), erased(ANNA))
    before = (await rows(life.service.db))["members"]
    text = changed(
        "  refunds: {event: order.refunded}", "  refunds: {event: order.refunded}\n  cancelled: {event: order.created}"
    )
    await life.tick(life.clock.now())
    version = await life.publish(text)
    await life.clock.advance_to(START + DAY)
    await life.tick(START + DAY)
    await life.walk()
    assert version == 2
    assert (await rows(life.service.db))["members"] == before


async def test_an_erasure_changes_nobody_elses_bytes(life: Life) -> None:
    events = [registered(BEN), ordered(BEN), chatted(BEN)]
    feed = [read(event, START + n * HOUR, number=n) for n, event in enumerate(events, 1)]
    others = [read(registered(ANNA), START, number=10), read(ordered(ANNA), START + HOUR, number=11)]
    gone = [read(erased(ANNA), START + HOUR * 2, number=12)]
    histories = []
    for received in ([*others, *feed], [*others, *gone, *feed]):
        await forget(life.service.db)
        await life.tick(START + DAY)
        await life.hand_over(received)
        await life.tick(START + 40 * DAY)
        histories.append(of(await rows(life.service.db), BEN))
        await check(life.service.db)
    assert histories[0] == histories[1]


def of(found: dict[str, Any], who: Any) -> dict[str, Any]:
    tables = {
        name: [row for row in found[name] if who in tuple(row)] for name in ("members", "transitions", "receipts")
    }
    return tables | {"told": found["told"][str(who)], "actions": [row for row in found["actions"] if who in row]}
