"""Races for who is whom, each on a connection of its own; and what the database itself refuses."""

from functools import partial
from uuid import UUID

import asyncpg
import pytest

from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from common.errors import AppError
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import OPERATOR, make_member
from members.erasure import service as erasure
from members.errors import AlreadyMerged, MemberNotFound
from members.mergers import service

pytestmark = pytest.mark.integration

merge = partial(service.merge, actor_id=OPERATOR)


async def roots(members: RunningService) -> dict[UUID, UUID]:
    rows = await members.db.fetch("SELECT member_id, root_id FROM merger WHERE root_id IS NOT NULL")
    return {row["member_id"]: row["root_id"] for row in rows}


async def test_of_two_accounts_one_is_the_other_whoever_says_so_first(members: RunningService) -> None:
    older, younger = await make_member(members), await make_member(members)
    results = await race(
        members.db,
        *[partial(merge, member_id=older, into=younger)] * 5,
        *[partial(merge, member_id=younger, into=older)] * 5,
    )
    assert sum(isinstance(result, AlreadyMerged) for result in results) == 9
    assert await roots(members) == {younger: older}
    [told] = await members.events(MemberMerged)
    assert (told.member_id, told.root_id) == (younger, older)


async def test_nobody_ends_in_a_circle(members: RunningService) -> None:
    three = [await make_member(members) for _ in range(3)]
    pairs = [(one, other) for one in three for other in three if one != other]
    results = await race(members.db, *(partial(merge, member_id=one, into=other) for one, other in pairs))
    assert not [one for one in results if isinstance(one, BaseException) and not isinstance(one, AppError)]
    assert len(await roots(members)) == 2
    assert three[0] not in await roots(members)


async def test_the_database_allows_no_root_that_is_younger(members: RunningService) -> None:
    older, younger = await make_member(members), await make_member(members)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_merger_older"):
        async with members.db.transaction() as uow:
            await uow.execute(
                "INSERT INTO merger (member_id, registered_at, root_id, root_registered_at, changed_at)"
                " SELECT one.id, one.registered_at, other.id, other.registered_at, one.registered_at"
                " FROM member AS one, member AS other WHERE one.id = $1 AND other.id = $2",
                older,
                younger,
            )


async def test_nobody_is_merged_with_who_is_erased(members: RunningService) -> None:
    older, younger = await make_member(members), await make_member(members)
    results = await race(
        members.db,
        *[partial(merge, member_id=younger, into=older)] * 5,
        partial(erasure.erase, member_id=older),
        *[partial(merge, member_id=younger, into=older)] * 5,
    )
    assert not [one for one in results if isinstance(one, BaseException) and not isinstance(one, AppError)]
    assert any(isinstance(one, MemberNotFound) for one in results) or len(await members.events(MemberUnmerged)) == 1
    assert await roots(members) == {}
    assert len(await members.events(MemberErased)) == 1
    assert len(await members.events(MemberMerged)) == len(await members.events(MemberUnmerged))


async def test_what_is_told_of_an_account_is_later_each_time(members: RunningService) -> None:
    older, younger = await make_member(members), await make_member(members)
    for _ in range(3):
        async with members.db.transaction() as uow:
            await service.merge(uow, younger, into=older, actor_id=OPERATOR)
            await service.unmerge(uow, younger, actor_id=OPERATOR)
    merged = [event.merged_at for event in await members.events(MemberMerged)]
    parted = [event.unmerged_at for event in await members.events(MemberUnmerged)]
    told = [moment for pair in zip(merged, parted, strict=True) for moment in pair]
    assert told == sorted(set(told))
