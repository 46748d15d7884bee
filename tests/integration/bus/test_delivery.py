"""What every transport owes: each event once, in the order of its key, also to several types, producers and members."""

import pytest

from common.contracts.engagement import CheckinRecorded
from common.contracts.envelope import decode
from common.contracts.members import PointsEarned, PointsReversed
from integration.bus.effects import checkin, earned, member, recording, reversed_
from integration.bus.harness import Log

pytestmark = pytest.mark.integration


async def test_events_are_handled_once_in_the_order_of_their_key(log: Log) -> None:
    ids = [id_ for n in range(40) for id_ in await log.produce(earned(n, key=n % 3))]
    await log.drain(recording())
    effects = await log.effects()
    assert sorted(effect.event_id for effect in effects) == sorted(ids)
    for key in range(3):
        assert [e.number for e in effects if e.key == str(member(key))] == list(range(key, 40, 3))


async def test_events_of_one_unit_of_work_keep_their_order_across_types(log: Log) -> None:
    await log.produce(earned(1), reversed_(2), earned(3), reversed_(4))
    await log.drain(recording(PointsEarned, PointsReversed))
    assert await log.numbers() == [1, 2, 3, 4]


async def test_many_events_of_one_unit_of_work_keep_their_order_whatever_their_ids(log: Log) -> None:
    db = await log.db("members")
    async with db.transaction() as uow:
        uow.append(earned(0))
        cause, _ = decode(uow.events[0].envelope)
        for n in range(1, 50):
            uow.append(earned(n), cause=cause)
    await log.drain(recording())
    assert await log.numbers() == list(range(50))


async def test_a_known_type_without_a_handler_is_passed_over(log: Log) -> None:
    await log.produce(earned(1), reversed_(2), earned(3))
    await log.drain(recording(PointsEarned))
    assert await log.numbers() == [1, 3]
    assert await log.letters(state=None) == []


async def test_a_group_reads_several_producers(log: Log) -> None:
    await log.produce(earned(1), checkin(2))
    async with log.consuming(recording(PointsEarned, CheckinRecorded)):
        await log.scanned("members", "engagement")
        await log.produce(checkin(3), earned(4))
        await log.scanned("members", "engagement")
    assert sorted(await log.numbers()) == [1, 2, 3, 4]


async def test_groups_do_not_know_of_one_another(log: Log) -> None:
    await log.produce(earned(1))
    await log.drain(recording())
    async with log.consuming(recording(), db=await log.db("orders")):
        await log.scanned("members", group="orders")
    assert await log.numbers() == await log.numbers("orders") == [1]
