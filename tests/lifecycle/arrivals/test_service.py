"""What arrives is taken in once, in order; what cannot be taken in is set aside alone."""

import asyncio
from uuid import UUID

import pytest

from common.bus import dead_letters
from common.bus.locks import EVERY_LANE
from common.contracts.lifecycle import EventForwarded, Hop
from common.contracts.members import MemberMerged
from factories.lifecycle import START, Life, chatted, member, ordered, registered
from factories.lifecycle_rows import check
from lifecycle.arrivals.service import deliver
from lifecycle.forwarding import service as forwarding

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)


@pytest.fixture
async def one(life: Life) -> Life:
    """Ben is Anna."""
    await life.happen(registered(ANNA), registered(BEN))
    await life.happen(MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START))
    await life.tick(START)
    return life


async def test_two_who_take_it_in_at_once_take_it_once(one: Life) -> None:
    await one.happen(*(chatted(BEN) for _ in range(20)))
    db = one.service.db
    assert await forwarding.count(db) == 20
    assert sum(await asyncio.gather(*(deliver(db, EVERY_LANE) for _ in range(4)))) == 20
    assert (await one.member(ANNA))["metrics"]["chat"]["count"] == 20
    assert await forwarding.count(db) == 0
    await check(db)


async def test_what_cannot_be_taken_in_is_a_dead_letter_and_holds_up_nothing(one: Life) -> None:
    broken = EventForwarded(
        member_id=ANNA,
        identity_id=BEN,
        path=[Hop(member_id=BEN, merger=1)],
        event_id=UUID(int=1),
        type=ordered(BEN).type_name(),
        data="{}",
        happened_at=START,
        appended_at=START,
        revision=0,
    )
    async with one.service.db.transaction() as uow:
        await forwarding.send(uow, [(START, None, [broken])])
    await one.happen(ordered(BEN))
    assert await deliver(one.service.db, EVERY_LANE) == 2
    [letter] = await dead_letters.list_letters(one.service.db)
    assert (letter["type"], letter["reason"]) == (EventForwarded.type_name(), "poison")
    assert (await one.member(ANNA))["metrics"]["orders"]["count"] == 1
