"""How far a walk has come is known by its row alone: two who carry it on do each stretch once."""

from functools import partial
from uuid import UUID

import pytest

from common.bus.locks import EVERY_LANE
from common.db import UnitOfWork
from common.testing.races import race
from factories.lifecycle import Life, member, ordered
from lifecycle.errors import WalkTaken
from lifecycle.publishing.walks import service
from lifecycle.publishing.walks.domain import Walk

pytestmark = pytest.mark.integration

MEMBERS = sorted((member(number) for number in range(8)), key=lambda each: each.int)


async def begun(life: Life, version: int = 7) -> list[Walk]:
    async with life.service.db.transaction() as uow:
        await service.begin(uow, version, "impact")
    return [each for each in await service.unfinished(life.service.db, EVERY_LANE) if each.version == version]


async def test_a_walk_has_a_row_in_each_lane_and_has_ended_once_all_have(life: Life) -> None:
    walks = await begun(life)
    assert sorted(each.lane for each in walks) == [*EVERY_LANE]
    assert await service.is_finished(life.service.db, 8, "impact"), "what was never begun"
    for walk in walks:
        assert not await service.is_finished(life.service.db, 7, "impact")
        async with life.service.db.transaction() as uow:
            await service.advance(uow, walk, members=2, found={"moved": 1}, is_finished=True)
    assert await service.is_finished(life.service.db, 7, "impact")
    made = await service.made_for(life.service.db, 7)
    assert {(each.members, each.found["moved"], each.last_id) for each in made} == {(2, 1, None)}
    assert all(each.last_id is None and each.finished_at is None for each in await begun(life)), "and once more"


async def test_of_two_who_carry_on_from_the_same_place_one_does(life: Life) -> None:
    [walk, *_] = await begun(life)

    async def carry(uow: UnitOfWork, last_id: UUID) -> None:
        await service.advance(uow, walk, last_id=last_id, members=1, is_finished=False)

    results = await race(life.service.db, *(partial(carry, last_id=each) for each in MEMBERS[:4]))
    assert sorted(isinstance(each, WalkTaken) for each in results) == [False, True, True, True]
    [kept] = [each for each in await service.made_for(life.service.db, 7) if each.lane == walk.lane]
    assert (kept.members, kept.last_id in MEMBERS) == (1, True)


async def test_whoever_comes_next_comes_once_in_the_order_of_ids(life: Life) -> None:
    await life.happen(*(ordered(who) for who in MEMBERS))
    seen: list[UUID] = []
    for walk in await begun(life):
        at = walk
        while members := await service.next_members(life.service.db, at, limit=1):
            outlines = await service.next_outlines(life.service.db, at, limit=1)
            assert [each.member_id for each in outlines] == [each.member_id for each in members]
            async with life.service.db.transaction() as uow:
                await service.advance(uow, at, last_id=members[-1].member_id, members=1, is_finished=False)
            seen.append(members[-1].member_id)
            [at] = [each for each in await service.made_for(life.service.db, 7) if each.lane == walk.lane]
    assert sorted(seen, key=lambda each: each.int) == MEMBERS


async def test_what_is_ended_goes_no_further(life: Life) -> None:
    [walk, *_] = await begun(life)
    async with life.service.db.transaction() as uow:
        await service.end(uow, 7)
    assert [each for each in await service.unfinished(life.service.db, EVERY_LANE) if each.version == 7] == []
    with pytest.raises(WalkTaken, match="the impact for 7"):
        async with life.service.db.transaction() as uow:
            await service.advance(uow, walk, members=1, is_finished=False)
