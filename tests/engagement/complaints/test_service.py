"""Races for complaints, each on a connection of its own."""

from functools import partial
from uuid import uuid4

import pytest

from common.contracts.engagement import ComplaintClosed
from common.testing.races import race
from common.testing.services import RunningService
from engagement.complaints import service
from engagement.errors import ComplaintOver

pytestmark = pytest.mark.integration


async def test_a_complaint_is_settled_or_taken_back_and_told_once(engagement: RunningService) -> None:
    member_id = uuid4()
    async with engagement.db.transaction() as uow:
        row = await service.open_one(
            uow, member_id=member_id, topic="quality", order_id=None, text="x", topics={"quality"}
        )
    settle = partial(service.close, complaint_id=row["id"], outcome="settled")
    take_back = partial(service.close, complaint_id=row["id"], outcome="taken_back", member_id=member_id)
    results = await race(engagement.db, *[settle, take_back] * 6)

    assert sum(isinstance(result, ComplaintOver) for result in results) == 6
    assert len(await engagement.events(ComplaintClosed)) == 1
