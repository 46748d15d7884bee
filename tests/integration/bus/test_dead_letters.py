"""Replaying and discarding what was set aside: effect and state together, once, whoever tries."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from common.bus import dead_letters, parked
from common.bus.dead_letters import DeadLetterNotFound, DeadLetterSettled, EarlierLetterOpen, ReplayFailed
from common.bus.records import Handlers, Received
from common.contracts.members import PointsEarned
from common.db import UnitOfWork
from common.testing.waiting import eventually
from integration.bus.effects import POISON, Gate, earned, record, recording
from integration.bus.harness import SECONDS, Log

pytestmark = pytest.mark.integration


class Mendable:
    """Fails, also for the database's reasons, until it is mended."""

    def __init__(self, *, ordered: bool = True) -> None:
        self.mended = False
        self.handlers = Handlers({PointsEarned: self.handle}, ordered=ordered)

    async def handle(self, uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        await record(uow, received)
        if not self.mended and any(item.event.points == 1 for item in received):
            await uow.execute("INSERT INTO effect (event_id, key, number) VALUES (NULL, '', 0)")


async def set_aside(log: Log, mendable: Mendable, *numbers: int) -> int:
    """Let the events fail; the id of the first letter."""
    await log.produce(*(earned(number) for number in numbers or (1,)))
    await log.drain(mendable.handlers)
    return int((await log.letters())[0]["id"])


async def test_a_replay_is_effect_and_state_together(log: Log) -> None:
    mendable = Mendable()
    letter = await set_aside(log, mendable)
    mendable.mended = True
    await dead_letters.replay(await log.db(), letter, mendable.handlers)
    assert await log.numbers() == [1]
    [row] = await log.letters(state=None)
    assert row["state"] == "replayed"
    assert row["settled_at"] is not None


async def test_two_operators_replay_one_letter(log: Log) -> None:
    """19. Both begin before either has ended: one does it, the other is told."""
    letter = await set_aside(log, Mendable())
    gate, db = Gate(), await log.db()
    replays = [asyncio.create_task(dead_letters.replay(db, letter, gate.handlers())) for _ in range(2)]
    await eventually(lambda: gate.arrived, seconds=SECONDS)
    await eventually(lambda: waits_for_a_lock(log), seconds=SECONDS, what="the second operator waits")
    gate.opened.set()
    results = await asyncio.gather(*replays, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["DeadLetterSettled", "NoneType"]
    assert await log.numbers() == [1]
    assert gate.arrived == 1


async def waits_for_a_lock(log: Log) -> bool:
    sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    return bool(await (await log.db()).fetchval(sql))


async def test_a_replay_and_a_discard_at_once(log: Log) -> None:
    letter = await set_aside(log, Mendable())
    gate, db = Gate(), await log.db()
    replay = asyncio.create_task(dead_letters.replay(db, letter, gate.handlers()))
    await eventually(lambda: gate.arrived, seconds=SECONDS)
    discard = asyncio.create_task(dead_letters.discard(db, letter))
    await eventually(lambda: waits_for_a_lock(log), seconds=SECONDS)
    gate.opened.set()
    await replay
    with pytest.raises(DeadLetterSettled):
        await discard
    assert await log.numbers() == [1]


async def test_a_replay_that_fails_again_changes_nothing_but_the_count(log: Log) -> None:
    mendable = Mendable()
    letter = await set_aside(log, mendable)
    with pytest.raises(ReplayFailed, match="null value"):
        await dead_letters.replay(await log.db(), letter, mendable.handlers)
    [row] = await log.letters()
    assert (row["state"], row["attempts"], row["reason"]) == ("open", 2, "poison")
    assert await log.numbers() == []


async def test_an_outage_during_a_replay_is_not_the_letters_fault(log: Log) -> None:
    letter = await set_aside(log, Mendable())

    async def fail(uow: UnitOfWork, _: Sequence[Received[Any]]) -> None:
        await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await dead_letters.replay(await log.db(), letter, Handlers({PointsEarned: fail}))
    [row] = await log.letters()
    assert (row["state"], row["attempts"]) == ("open", 1)


async def test_an_earlier_letter_of_the_key_goes_first(log: Log) -> None:
    mendable = Mendable()
    first = await set_aside(log, mendable, 1, 2, 3)
    db = await log.db()
    mendable.mended = True
    with pytest.raises(EarlierLetterOpen, match=str(first)):
        await dead_letters.replay(db, first + 1, mendable.handlers)
    await dead_letters.replay(db, first, mendable.handlers)
    assert await parked.replay_known(db, mendable.handlers) == 2, "those behind go by themselves"
    assert await log.numbers() == [1, 2, 3]


async def test_what_waited_behind_a_discarded_letter_goes_by_itself(log: Log) -> None:
    mendable = Mendable()
    letter = await set_aside(log, mendable, 1, 2)
    await dead_letters.discard(await log.db(), letter)
    async with log.consuming(mendable.handlers):
        await eventually(log.numbers, seconds=SECONDS)
    assert await log.numbers() == [2]
    assert [row["state"] for row in await log.letters(state=None)] == ["discarded", "replayed"]


async def test_a_parked_event_that_fails_is_left_to_a_person(log: Log) -> None:
    """It is not tried again and again, and the consumer goes on."""
    mendable = Mendable()
    letter = await set_aside(log, mendable, 1, POISON, 3)
    await dead_letters.discard(await log.db(), letter)
    async with log.consuming(recording()):

        async def poisoned() -> bool:
            return await log.reasons() == ["poison", "behind"]

        await eventually(poisoned, seconds=SECONDS)
        await log.produce(earned(5, key=1))
        await log.scanned()
    assert [row["attempts"] for row in await log.letters()] == [2, 1]
    assert await log.numbers() == [5]
    assert not log.metric("log_consumer_restarts_total")


async def test_letters_that_must_wait_do_not_hide_those_that_may_go(log: Log) -> None:
    mendable = Mendable()
    letter = await set_aside(log, mendable, *[1, *range(10, 30)])
    await log.produce(earned(1, key=1), earned(2, key=1))
    await log.drain(mendable.handlers)
    db = await log.db()
    other = next(row["id"] for row in await log.letters() if row["id"] > letter and row["reason"] == "poison")
    await dead_letters.discard(db, other)
    assert await parked.replay_known(db, recording(), limit=5) == 1
    assert await log.numbers() == [2]


async def test_there_is_no_such_letter(log: Log) -> None:
    db = await log.db()
    for act in (dead_letters.discard(db, 7), dead_letters.get_letter(db, 7), dead_letters.replay(db, 7, recording())):
        with pytest.raises(DeadLetterNotFound, match="7"):
            await act
