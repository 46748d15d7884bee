"""What an event is to blame for is set aside, alone; what the surroundings are to blame for is waited out."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from common.bus import instruments
from common.bus.records import Handlers, Received
from common.contracts.engagement import CheckinRecorded
from common.contracts.members import PointsEarned, PointsReversed
from common.db import UnitOfWork
from common.testing.waiting import eventually
from integration.bus.effects import POISON, checkin, earned, member, neighbours, record, recording, reversed_
from integration.bus.harness import SECONDS, SLOW_OVER_KAFKA, Log

pytestmark = pytest.mark.integration


def alone(key: int, number: int) -> PointsEarned:
    """With a key that no other event has."""
    return earned(number, key=key)


async def test_poison_is_found_by_halves_and_the_rest_goes_through(log: Log) -> None:
    numbers = [POISON + n if n in {3, 17, 18} else n for n in range(30)]
    await log.produce(*map(alone, neighbours(30), numbers))
    await log.drain(recording())
    assert await log.numbers() == [number for number in numbers if number < POISON]
    letters = await log.letters()
    assert [letter["reason"] for letter in letters] == ["poison"] * 3
    assert all("CheckViolation" in letter["error"] for letter in letters)
    assert log.metric("log_events_set_aside_total", producer="members", reason="poison") == 3


@pytest.mark.parametrize("ordered", [True, False])
async def test_later_events_of_the_key_wait_where_handlers_declare_order(log: Log, ordered: bool) -> None:
    other = neighbours(2)[1]
    await log.produce(earned(1), earned(POISON), earned(2), earned(3, key=other))
    await log.drain(recording(ordered=ordered))
    await log.produce(earned(4), earned(5, key=other))
    await log.drain(recording(ordered=ordered))
    assert await log.numbers() == ([1, 3, 5] if ordered else [1, 2, 3, 4, 5])
    assert await log.reasons() == (["poison", "behind", "behind"] if ordered else ["poison"])


async def test_letters_are_numbered_in_log_order_whatever_found_them(log: Log) -> None:
    """Unknown types are seen while a batch is decoded, before anything else: still they stand where the log has them."""
    await log.produce(earned(POISON), earned(1))
    await log.produce_bytes(b"{", key=str(earned(0).member_id))
    await log.produce(reversed_(2))
    await log.drain(recording(PointsEarned, PointsReversed))
    letters = await log.letters()
    assert [letter["reason"] for letter in letters] == ["poison", "behind", "undecodable", "behind"]
    positions = [letter["position_id"] for letter in letters]
    assert positions == sorted(positions)


async def test_deferred_constraint_in_a_bisected_batch(log: Log) -> None:
    """17. It fails at the commit, for the whole batch; checked inside each savepoint it condemns only its own event."""
    db = await log.db()
    async with db.transaction() as uow:
        await uow.execute("CREATE TABLE allowed (number int PRIMARY KEY)")
        await uow.execute("INSERT INTO allowed SELECT n FROM generate_series(0, 19) AS n WHERE n <> 13")
        await uow.execute(
            "ALTER TABLE effect ADD FOREIGN KEY (number) REFERENCES allowed DEFERRABLE INITIALLY DEFERRED"
        )
    await log.produce(*map(alone, neighbours(20), range(20)))
    await log.drain(recording())
    assert await log.numbers() == [n for n in range(20) if n != 13]
    assert [letter["reason"] for letter in await log.letters()] == ["poison"]


@SLOW_OVER_KAFKA
@pytest.mark.parametrize("poisoned", [16, 17])
async def test_many_poisoned_events_stop_the_partition(
    log: Log, poisoned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """18. Sixteen in a batch are set aside; one more is nobody's event to blame: stop, keep everything, tell.

    However often it is tried again.
    """
    monkeypatch.setattr(instruments, "ALARMED_SECONDS", 0.01)
    broken, tries = True, 0

    async def handle(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        nonlocal tries
        tries += 1
        if broken and any(item.event.points < poisoned for item in received):
            raise ValueError("a fault of ours")
        await record(uow, received)

    handlers = Handlers({PointsEarned: handle, CheckinRecorded: record})
    await log.produce(*map(alone, neighbours(20), range(20)))
    async with log.consuming(handlers):
        await log.produce(checkin(100, key=99))
        await log.scanned("engagement")
        if poisoned == 16:
            await log.scanned("members")
            assert await log.reasons() == ["poison"] * 16
            assert await log.numbers() in ([*range(16, 20), 100], [100, *range(16, 20)])
            return
        await log.alarmed("poison")
        await eventually(lambda: tries > 500, seconds=SECONDS)
        before = log.metric("log_complete_age_seconds", producer="members")
        await eventually(lambda: log.metric("log_complete_age_seconds", producer="members") > before + 0.1)
        assert await log.numbers() == [100]
        assert await log.letters() == []
        broken = False
        await log.scanned("members")
        assert sorted(await log.numbers()) == [*range(20), 100]
        assert await log.letters() == []
        await eventually(lambda: not log.metric("log_alarm", producer="members", kind="poison"), seconds=SECONDS)


async def terminate(uow: UnitOfWork) -> None:
    await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def time_out(uow: UnitOfWork) -> None:
    await uow.execute("SET LOCAL statement_timeout = 1")
    await uow.execute("SELECT pg_sleep(10)")


async def drop_connection(uow: UnitOfWork) -> None:
    uow.connection.terminate()
    await uow.execute("SELECT")


async def refuse(_: UnitOfWork) -> None:
    raise ConnectionRefusedError("another service")


async def lose_protocol(_: UnitOfWork) -> None:
    raise asyncpg.InternalClientError("got result for unknown protocol state 3")


def fail_with(sqlstate: str) -> Any:
    async def fail(uow: UnitOfWork) -> None:
        await uow.execute(f"DO $$ BEGIN RAISE EXCEPTION 'tried' USING ERRCODE = '{sqlstate}'; END $$")

    return fail


OUTAGES = {
    "57P01 terminated": terminate,
    "57014 timed out": time_out,
    "connection dropped": drop_connection,
    "connection refused": refuse,
    "protocol error": lose_protocol,
    **{state: fail_with(state) for state in ("40001", "40P01", "53100", "53300", "55P03", "57P03", "58030", "XX000")},
}


@SLOW_OVER_KAFKA
async def test_an_outage_is_waited_out_and_never_dead_lettered(log: Log) -> None:
    to_come = [*OUTAGES.values(), *OUTAGES.values()]

    async def handle(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        await record(uow, received)
        if to_come:
            await to_come.pop()(uow)

    await log.produce(earned(1), earned(2))
    await log.drain(Handlers({PointsEarned: handle}))
    assert await log.numbers() == [1, 2]
    assert to_come == []
    assert await log.letters(state=None) == []
    assert log.metric("log_consumer_restarts_total") == 2 * len(OUTAGES)


@SLOW_OVER_KAFKA
async def test_an_outage_while_poison_is_sought_condemns_nothing(log: Log) -> None:
    to_come = list(OUTAGES.values())

    async def handle(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        await record(uow, received)
        if len(received) == 1 and to_come:
            await to_come.pop()(uow)

    keys = neighbours(3)
    await log.produce(*map(alone, keys, [1, POISON, 2]))
    await log.drain(Handlers({PointsEarned: handle}))
    assert await log.numbers() == [1, 2]
    assert to_come == []
    assert [letter["key"] for letter in await log.letters(state=None)] == [str(member(keys[1]))]


@pytest.mark.parametrize("message", ["\x00 and \ud800", "long " * 1000, ""])
async def test_whatever_a_handler_says_can_be_kept(log: Log, message: str) -> None:
    async def handle(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        if any(item.event.points == 1 for item in received):
            raise ValueError(message)
        await record(uow, received)

    await log.produce(*map(alone, neighbours(2), [1, 2]))
    await log.drain(Handlers({PointsEarned: handle}))
    assert await log.numbers() == [2]
    assert await log.reasons() == ["poison"]
