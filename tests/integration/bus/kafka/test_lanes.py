"""Whose a partition is: the database decides, whatever the broker, the client or a member that was thought dead believes."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from common.bus.carrying import Carrier
from common.bus.kafka import consumer as consumer_module
from common.bus.kafka.broker import Broker
from common.bus.kafka.consumer import KafkaConsumer
from common.bus.kafka.membership import Member
from common.bus.lanes import LANES, partition_of
from common.bus.records import Handlers, Received
from common.contracts.members import PointsEarned
from common.db import Database, UnitOfWork
from common.testing.waiting import eventually
from integration.bus.effects import earned, member, record, recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import applied, relaying, sent_all

pytestmark = pytest.mark.integration


class Alone(Broker):
    """To the broker each member is a group of its own: it gives every partition to each, as to a zombie and its heir."""

    def group(self, service: str) -> str:
        return f"{self.prefix}.{service}.{id(self)}"


def new_zombie(log: Log, db: Database) -> KafkaConsumer:
    broker = Alone(servers=log.broker.servers, prefix=log.broker.prefix)
    return KafkaConsumer(db=db, broker=broker, handlers=recording(), metrics=log.metrics)


async def test_two_members_with_the_same_batch(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """16. Both have read it before either locks the lane; its effects happen once, and both go on from there."""
    barrier, batches, begun = asyncio.Barrier(2), list[Sequence[Any]](), Carrier.carry_out

    async def carry_out_together(carrier: Carrier, place: Any, **rest: Any) -> None:
        if place._plan.rows and len(batches) < 2:
            batches.append([row.event_id for row in place._plan.rows])
            await asyncio.wait_for(barrier.wait(), SECONDS)
        await begun(carrier, place, **rest)

    await log.produce(earned(1), earned(2))
    async with relaying(log), AsyncExitStack() as members:
        await sent_all(log)
        monkeypatch.setattr(Carrier, "carry_out", carry_out_together)
        for db in (log.new_db(), log.new_db()):
            await db.open()
            members.push_async_callback(db.close)
            zombie = new_zombie(log, db)
            zombie.start()
            members.push_async_callback(zombie.stop)
        await applied(log, 1, 2)
        await log.produce(earned(3))
        await applied(log, 1, 2, 3)
        await log.scanned()
    assert await log.numbers() == [1, 2, 3]
    assert batches[0] == batches[1]


async def test_members_that_all_believe_that_everything_is_theirs(log: Log) -> None:
    """16. However they interleave, the row of the partition lets one of them through."""
    async with relaying(log), AsyncExitStack() as members:
        for _ in range(3):
            db = log.new_db()
            await db.open()
            members.push_async_callback(db.close)
            zombie = new_zombie(log, db)
            zombie.start()
            members.push_async_callback(zombie.stop)
        for n in range(60):
            await log.produce(earned(n // 4, key=n % 4))
        await log.scanned()
    effects = await log.effects()
    assert len(effects) == 60
    for key in {effect.key for effect in effects}:
        assert [effect.number for effect in effects if effect.key == key] == list(range(15))


async def test_a_batch_is_rolled_back_and_the_client_reads_on(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """15. Nobody goes back to where the batch began: what stands behind it is refused until it has been applied."""
    failures = 0
    sought = asyncio.Event()

    async def fail_at_first(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        nonlocal failures
        await record(uow, received)
        if failures < 1:
            failures += 1
            raise ConnectionError("away")

    read_on = Member.read_on

    def read_on_where_it_is(member: Member, place: Any, offset: int) -> None:
        if failures and not sought.is_set():
            member._client.resume(place)
        else:
            read_on(member, place, offset)

    monkeypatch.setattr(Member, "read_on", read_on_where_it_is)
    async with relaying(log), log.consuming(recording()):
        await log.produce(earned(0))
        await applied(log, 0)
    async with relaying(log), log.consuming(Handlers({PointsEarned: fail_at_first})):
        await log.produce(earned(1), earned(2))
        await eventually(lambda: failures, seconds=SECONDS)
        await log.produce(earned(3))
        await log.produce(earned(4))
        await sent_all(log)
        seen = log.metric("log_events_handled_total", producer="members")
        await asyncio.sleep(consumer_module.POLL_SECONDS * 3)  # time to do wrong
        assert await log.numbers() == [0]
        assert seen == log.metric("log_events_handled_total", producer="members")
        sought.set()
        await applied(log, 0, 1, 2, 3, 4)


async def test_a_lane_that_is_taken_waits_and_the_others_go_on(log: Log) -> None:
    """Whoever had it before still works on it: its partitions come again later."""
    async with relaying(log):
        async with log.consuming(recording()):
            await log.produce(earned(0, key=1))
            await applied(log, 0)
        await log.produce(earned(1, key=1))
        await log.produce(*(earned(2, key=key) for key in range(2, 10)))
        await sent_all(log)
        async with (await log.db()).transaction() as uow:
            lane = partition_of(str(member(1)).encode(), LANES)
            await uow.execute("SELECT FROM lane WHERE partition = $1 FOR UPDATE", lane)
            async with log.consuming(recording()):

                async def others() -> bool:
                    return len(await log.numbers()) >= 5

                await eventually(others, seconds=SECONDS)
                assert 1 not in await log.numbers()
        async with log.consuming(recording()):
            await log.scanned()
    assert sorted(await log.numbers()) == [0, 1] + [2] * 8
