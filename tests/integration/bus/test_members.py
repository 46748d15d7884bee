"""Several members of one group: one carries out a batch, the others find it done."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from common.bus.carrying import Carrier
from common.bus.records import LogRow
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import ONLY_POSTGRES, SECONDS, Log

pytestmark = pytest.mark.integration


@ONLY_POSTGRES
async def test_two_members_with_the_same_batch(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """16. Both have read it before either locks the lane; its effects happen once, and the second goes on from there."""
    barrier, batches, begun = asyncio.Barrier(2), list[Sequence[LogRow]](), Carrier.carry_out

    async def carry_out_together(carrier: Carrier, place: Any, **rest: Any) -> None:
        batches.append(place._rows)
        if len(batches) <= 2:
            await asyncio.wait_for(barrier.wait(), SECONDS)
        await begun(carrier, place, **rest)

    monkeypatch.setattr(Carrier, "carry_out", carry_out_together)
    await log.produce(earned(1), earned(2))
    async with AsyncExitStack() as members:
        for db in (log.new_db(), log.new_db()):
            await db.open()
            members.push_async_callback(db.close)
            await members.enter_async_context(log.consuming(recording(), db=db))
        await log.scanned()
        await log.produce(earned(3))
        await log.scanned()
    assert await log.numbers() == [1, 2, 3]
    assert batches[0] == batches[1]


async def test_members_take_turns_and_lose_nothing(log: Log) -> None:
    """Members come and go while events are told; each event is handled once, the order of keys kept."""
    told = 0
    done = asyncio.Event()

    async def tell() -> None:
        nonlocal told
        while not done.is_set():
            await log.produce(earned(told // 4, key=told % 4))
            told += 1

    async def come_and_go() -> None:
        for _ in range(4):
            db = log.new_db()
            await db.open()
            seen = len(await log.numbers())
            async with log.consuming(recording(), db=db):

                async def more(seen: int = seen) -> bool:
                    return len(await log.numbers()) > seen + 20

                await eventually(more, seconds=SECONDS)
            await db.close()

    teller = asyncio.create_task(tell())
    await asyncio.gather(*(come_and_go() for _ in range(3)))
    done.set()
    await teller
    await log.drain(recording())
    effects = await log.effects()
    assert len(effects) == told
    for key in {effect.key for effect in effects}:
        numbers = [effect.number for effect in effects if effect.key == key]
        assert numbers == list(range(len(numbers)))


@ONLY_POSTGRES
async def test_a_member_that_lies_idle_does_not_take_old_news_for_lost_history(log: Log) -> None:
    """Its cursor in memory is old; before it raises an alarm it asks where the group stands."""
    await log.produce(earned(1))
    idle = log.new_db()
    await idle.open()
    async with log.consuming(recording(), db=idle, woken=False):
        await log.scanned()
        db = await log.db("members")
        async with (await log.db()).transaction() as uow:
            await uow.execute("SELECT FROM lane FOR UPDATE")
            await log.produce(earned(2))
            row = (await log.events())[-1]
            await uow.execute("UPDATE log_cursor SET id = $1, event_id = $2", row["id"], row["event_id"])
            await db.pool.execute("UPDATE log_floor SET generation = $1, id = $2", row["generation"], row["id"])
        await log.produce(earned(3))
        await log.scanned()
        assert not log.metric("log_alarm", producer="members", kind="history_lost")
    await idle.close()
    assert await log.numbers() == [1, 3]
