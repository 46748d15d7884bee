"""Races for erasure, each on a connection of its own."""

from datetime import date
from functools import partial

import pytest

from common.contracts.members import MemberErased
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import make_member
from members.erasure import service
from members.errors import MemberNotFound
from members.profiles import service as profiles

pytestmark = pytest.mark.integration


async def test_no_key_and_no_profile_outlives_its_member(members: RunningService) -> None:
    member_id = await make_member(members)
    change = partial(
        profiles.change,
        secrecy=members.db.resources.secrecy,
        member_id=member_id,
        changes={"display_name": "Ann"},
        calling_code="86",
        today=date(2026, 5, 1),
    )
    results = await race(members.db, *[change] * 5, partial(service.erase, member_id=member_id), *[change] * 5)

    assert not [one for one in results if isinstance(one, BaseException) and not isinstance(one, MemberNotFound)]
    assert await members.db.fetchval("SELECT count(*) FROM member_key") == 0
    assert await members.db.fetchval("SELECT count(*) FROM profile") == 0


async def test_a_member_is_erased_once_by_twelve_at_once(members: RunningService) -> None:
    member_id = await make_member(members)
    results = await race(members.db, *[partial(service.erase, member_id=member_id) for _ in range(12)])

    assert sum(isinstance(result, MemberNotFound) for result in results) == 11
    assert len(await members.events(MemberErased)) == 1
