"""A draft is sent what those who forward would have sent it: what it counts, what its own rules did."""

from pathlib import Path
from uuid import UUID

import pytest

from common.bus.locks import EVERY_LANE
from common.contracts.members import MemberMerged, MemberUnmerged
from common.contracts.orders import OrderCancelled
from factories.lifecycle import DAY, HOUR, INSTANT, START, Life, member, ordered, registered
from factories.lifecycle_histories import live
from factories.policies import SMALL_TEXT
from lifecycle.journal.archives.service import export
from lifecycle.replays.trials.domain import DraftText, Found, Order, together
from lifecycle.replays.trials.service import tried, tried_on

pytestmark = pytest.mark.integration

ANNA, BEN, CARL = member(1), member(2), member(3)
COUNTS_MORE = (
    SMALL_TEXT.replace("metrics:", "metrics:\n  cancelled: {event: order.cancelled}\nwas: #", 1)
    .replace("\nwas: #", " #", 1)
    .replace("  - repurchase: orders.days >= 2", "  - repurchase: orders.days >= 2\n  - loser: cancelled.count >= 4", 1)
)
"""With a metric before all others, so that each has another number than in what is published."""


def merged(who: UUID, into: UUID) -> MemberMerged:
    return MemberMerged(member_id=who, root_id=into, merged_at=START)


def cancelled(who: UUID, number: int) -> OrderCancelled:
    return OrderCancelled(order_id=member(number), member_id=who, reason="member", cancelled_at=START)


async def settle(life: Life) -> None:
    for _ in range(3):
        await life.tick(life.clock.now())


async def of_draft(life: Life, text: str) -> Found:
    order = Order(draft=DraftText(text=text, tz="Asia/Shanghai", version=9))
    return together([(await tried(life.service.db, lane, order)).found for lane in EVERY_LANE])


async def test_what_only_the_draft_counts_is_counted_of_each_identity(life: Life) -> None:
    """Through two mergers, before them and after, until they part."""
    await life.happen(registered(ANNA), registered(BEN), registered(CARL), cancelled(CARL, 10), cancelled(CARL, 11))
    await life.happen(merged(CARL, BEN))
    await settle(life)
    await life.happen(cancelled(CARL, 12), merged(BEN, ANNA))
    await settle(life)
    await life.happen(cancelled(CARL, 13))
    await settle(life)
    found = await of_draft(life, COUNTS_MORE)
    assert found.stages == {("acquire", "loser"): 1}

    await life.happen(MemberUnmerged(member_id=CARL, root_id=BEN, unmerged_at=START))
    await settle(life)
    assert (await of_draft(life, COUNTS_MORE)).stages == {
        ("acquire", "acquire"): 1,
        ("acquire", "loser"): 1,
    }


async def test_what_its_own_rules_did_for_an_identity_is_done(life: Life) -> None:
    """Under the draft Ben was thanked once before he was Anna, who orders then; what is published thanked him never."""
    text = SMALL_TEXT.replace(
        "thanks: {when: {enters: convert, settle: 1h}", "thanks: {when: {event: order.confirmed}, if: orders.count >= 9"
    )
    await life.publish(text)
    await life.clock.advance_to(START + HOUR)
    await settle(life)
    await life.happen(registered(ANNA), registered(BEN), ordered(BEN))
    await life.pass_to(START + DAY)
    await life.happen(merged(BEN, ANNA))
    await settle(life)
    await life.happen(ordered(ANNA, START + DAY))
    await life.pass_to(START + 3 * DAY)
    once = SMALL_TEXT.replace(
        "thanks: {when: {enters: convert, settle: 1h}", "thanks: {when: {event: order.confirmed}, reenter: once"
    )
    found = (await of_draft(life, once)).tried
    assert found is not None
    assert sum(count for place, count in found.asked.items() if place[1] == "thanks") == 1
    assert found.arms["thanks", "treated"] == 1


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_an_archive_gives_what_the_journal_gives(life: Life, tmp_path: Path, seed: int) -> None:
    await live(life, seed, kin=True)
    await export(life.service.db, tmp_path / "archive")
    order = Order(draft=DraftText(text=COUNTS_MORE, tz="Asia/Shanghai"))
    archived = together([(await tried_on(tmp_path / "archive", lane, order)).found for lane in EVERY_LANE])
    assert archived.tried == together([(await tried(life.service.db, lane, order)).found for lane in EVERY_LANE]).tried
    assert archived.tried is not None
    assert any(place[0] == "stage" for place in archived.tried.stands)


async def test_a_letter_whose_sender_would_not_have_written_does_not_come(life: Life) -> None:
    """What a back-fill sent later: the draft has counted all of it from the beginning on."""
    await life.happen(registered(ANNA), registered(BEN), *(cancelled(BEN, number) for number in (11, 12, 13, 14)))
    await life.happen(merged(BEN, ANNA))
    await settle(life)
    await life.publish(SMALL_TEXT.replace("  refunds:", "  cancelled: {event: order.cancelled}\n  refunds:", 1))
    await life.pass_to(START + HOUR + INSTANT)
    await life.walk()
    await settle(life)
    assert (await life.member(ANNA))["metrics"]["cancelled"]["count"] == 4
    assert (await of_draft(life, COUNTS_MORE)).stages == {("acquire", "loser"): 1}
