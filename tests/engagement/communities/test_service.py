"""Races for membership, each on a connection of its own."""

from functools import partial
from uuid import uuid4

import pytest

from common.contracts.engagement import CommunityJoined, CommunityLeft
from common.testing.races import race
from common.testing.services import RunningService
from engagement.communities import service
from factories.engagement import make_community

pytestmark = pytest.mark.integration


async def test_a_member_who_joins_twelve_times_at_once_has_joined_once(engagement: RunningService) -> None:
    garden, member_id = await make_community(engagement), uuid4()
    results = await race(
        engagement.db, *[partial(service.join, community_id=garden, member_id=member_id) for _ in range(12)]
    )

    assert not [result for result in results if isinstance(result, BaseException)]
    assert len(await engagement.events(CommunityJoined)) == 1


async def test_joining_and_leaving_at_once_are_told_in_the_order_they_happened(engagement: RunningService) -> None:
    garden, member_id = await make_community(engagement), uuid4()
    works = [service.join, service.leave] * 6
    await race(engagement.db, *[partial(work, community_id=garden, member_id=member_id) for work in works])

    rows = await engagement.db.fetch("SELECT type FROM outbox WHERE key = $1 ORDER BY generation, id", str(member_id))
    told = [row["type"] for row in rows]
    in_turn = [CommunityJoined.type_name(), CommunityLeft.type_name()]
    assert told == [in_turn[n % 2] for n in range(len(told))]
    inside = await engagement.db.fetchval("SELECT count(*) FROM membership WHERE left_at IS NULL")
    assert inside == len(told) % 2
