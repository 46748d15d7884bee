"""What arrives is taken in once, in order; what cannot be taken in is set aside alone."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from common.bus import dead_letters
from common.bus.lanes import lane_of
from common.bus.locks import EVERY_LANE, WHOLE, begin_lanes, end_lanes, lock_lanes
from common.contracts.event import Event
from common.contracts.lifecycle import EventForwarded, Hop
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from factories.lifecycle import HOUR, INSTANT, START, Life, chatted, member, ordered, read, registered
from factories.lifecycle_rows import check
from lifecycle.batches.arrivals.service import deliver
from lifecycle.batches.handlers import step_members
from lifecycle.batches.ticks.service import tick
from lifecycle.identities.forwarding import service as forwarding
from lifecycle.replays.trials.service import verified

pytestmark = pytest.mark.integration

ANNA, BEN, CARL = member(1), member(2), member(3)


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


@pytest.fixture
async def apart(life: Life) -> Life:
    """Each lane has a worker of its own, as over Kafka."""
    async with life.service.db.transaction() as uow:
        await end_lanes(uow, uow.service, [WHOLE])
        await begin_lanes(uow, uow.service, EVERY_LANE)
    return life


async def work(life: Life, feed: Sequence[Event], *, first: int) -> None:
    """What a worker of these events' lane does: a batch each, and what was forwarded."""
    lane = lane_of(feed[0].subject)
    for number, event in enumerate(feed, first):
        async with life.service.db.transaction() as uow:
            await lock_lanes(uow, uow.service, [lane])
            await step_members(uow, [read(event, START, number=number)])
        await tick(life.service.db, lanes=[lane], up_to=START - INSTANT)


async def settle(life: Life) -> None:
    for _ in range(4):
        await life.tick(START)


@pytest.mark.parametrize("run", range(3))
async def test_they_meet_and_part_while_events_of_both_arrive(apart: Life, run: int) -> None:
    """Whenever each is read: all is there in the end, once."""
    merged = MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START)
    parted = MemberUnmerged(member_id=BEN, root_id=ANNA, unmerged_at=START)
    again = MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START + HOUR)
    bens = [registered(BEN), *[chatted(BEN)] * 4, merged, *[chatted(BEN)] * 4, parted, *[chatted(BEN)] * 2, again]
    carls = [registered(CARL), *[chatted(CARL)] * 3, MemberMerged(member_id=CARL, root_id=BEN, merged_at=START)]
    await asyncio.gather(
        work(apart, [registered(ANNA), *[chatted(ANNA)] * 10], first=100),
        work(apart, [*bens, *[chatted(BEN)] * 5], first=200),
        work(apart, [*carls, *[chatted(CARL)] * 5], first=300),
    )
    await settle(apart)
    anna = await apart.member(ANNA)
    assert anna["metrics"]["chat"]["count"] == 10 + 15 + 8
    assert len(anna["identities"]) == 3
    assert await forwarding.count(apart.service.db) == 0
    await check(apart.service.db)
    assert [await verified(apart.service.db, lane) for lane in EVERY_LANE] == [None] * len(EVERY_LANE)


@pytest.mark.parametrize("gone", [ANNA, BEN])
async def test_one_is_erased_while_they_meet(apart: Life, gone: UUID) -> None:
    """Members tells of both in one order, to each lane in its own time: nothing of who is erased stays with the other."""
    merged = MemberMerged(member_id=BEN, root_id=ANNA, merged_at=START)
    parted = MemberUnmerged(member_id=BEN, root_id=ANNA, unmerged_at=START + INSTANT)
    end = MemberErased(member_id=gone, erased_at=START + INSTANT)
    annas: list[Event] = [registered(ANNA), *[chatted(ANNA)] * 4]
    bens: list[Event] = [registered(BEN), *[chatted(BEN)] * 2, merged, *[chatted(BEN)] * 2, parted]
    (annas if gone == ANNA else bens).append(end)
    await asyncio.gather(
        work(apart, [*annas, *[chatted(ANNA)] * 2], first=100), work(apart, [*bens, *[chatted(BEN)] * 2], first=200)
    )
    await settle(apart)
    left = BEN if gone == ANNA else ANNA
    seen = await apart.member(left)
    assert (seen["metrics"]["chat"]["count"], seen["identities"]) == (6, [])
    assert [each["member_id"] for each in (await apart.get("/members"))["items"]] == [str(left)]
    assert await forwarding.count(apart.service.db) == 0
    await check(apart.service.db)
    assert [await verified(apart.service.db, lane) for lane in EVERY_LANE] == [None] * len(EVERY_LANE)


async def test_two_mergers_the_other_way_round_at_once_leave_one_and_no_deadlock(apart: Life) -> None:
    """With a third in between, so that each has to ask who the others are."""
    await apart.happen(registered(ANNA), registered(BEN), registered(CARL))
    pairs = [(ANNA, BEN), (BEN, CARL), (CARL, ANNA)]
    done = await asyncio.gather(
        *(
            work(apart, [MemberMerged(member_id=one, root_id=other, merged_at=START)], first=number)
            for number, (one, other) in enumerate(pairs, 100)
        ),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["MergedInCircle", "NoneType", "NoneType"]
    await settle(apart)
    [standing] = (await apart.get("/members"))["items"]
    assert {each["member_id"] for each in (await apart.member(ANNA))["identities"]} == {str(ANNA), str(BEN), str(CARL)}
    assert (await apart.member(BEN))["member_id"] == standing["member_id"]
    await check(apart.service.db)
