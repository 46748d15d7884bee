"""Forgetting old days: never what a group has not read without its knowing, whatever interrupts it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from common.bus import retention
from common.bus.cursors import Cursor
from common.bus.forks import return_to_survivor
from common.bus.kafka import relay_state
from common.bus.lanes import LANES
from common.bus.position import START, Position
from common.clock import VirtualClock
from common.connection import Connection
from common.contracts.engagement import CheckinRecorded
from common.contracts.members import PointsEarned
from common.db import Database
from common.runtime import Runtime, Service, Surroundings
from common.settings import ServiceSettings
from common.testing.waiting import eventually
from integration.bus.effects import checkin, earned, recording
from integration.bus.harness import GROUP, ONLY_POSTGRES, SECONDS, Log
from integration.bus.test_append import days

pytestmark = [pytest.mark.integration, ONLY_POSTGRES]

KEEP = timedelta(days=14)
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def old(log: Log) -> Log:
    """Events of days 0 (numbers 0 to 2), 1 (3 to 5) and 20 (6 to 8), which is today: the first two days are old."""
    clock = VirtualClock(FIRST)
    log.clock = clock
    for day in (0, 1, 20):
        await clock.advance_to(FIRST + timedelta(days=day))
        await log.produce(*(earned(min(day, 2) * 3 + n) for n in range(3)))
    return log


async def floor(db: Database) -> Position:
    row = await db.fetchrow("SELECT generation, id FROM log_floor")
    assert row is not None
    return Position(row["generation"], row["id"])


async def prune(log: Log) -> None:
    await retention.prune(await log.db("members"), keep=KEEP)


async def test_old_days_go_and_the_floor_says_so(old: Log) -> None:
    """Nothing is lost when nothing is below."""
    db = await old.db("members")
    await old.drain(recording())
    kept = [day for day in await days(db) if day >= "outbox_20260107"]
    last_of_the_old = (await old.events())[5]
    await prune(old)
    assert await days(db) == kept
    assert await floor(db) == Position(last_of_the_old["generation"], last_of_the_old["id"])
    assert len(await old.events()) == 3
    await old.produce(earned(9))
    await old.drain(recording())
    assert await old.numbers() == list(range(10))
    before = await floor(db)
    await prune(old)
    assert await floor(db) == before


async def test_a_cursor_at_the_floor_reads_on(old: Log) -> None:
    """Its own row is gone; the floor says that it is the right one that is missing."""
    async with old.consuming(recording()):
        await old.scanned()
    await read_only(old, 6)
    await prune(old)
    await old.drain(recording())
    assert (await old.numbers())[-3:] == [6, 7, 8]


async def read_only(log: Log, count: int) -> None:
    """Set the group back: it has read so many events."""
    row = (await log.events())[count - 1]
    db = await log.db()
    async with db.transaction() as uow:
        await uow.execute(
            "UPDATE log_cursor SET generation = $1, id = $2, event_id = $3, ends = $4",
            row["generation"],
            row["id"],
            row["event_id"],
            {str(row["generation"]): row["id"]},
        )
        await uow.execute("DELETE FROM effect WHERE number >= $1", count)


async def test_a_cursor_below_the_floor_is_history_lost(old: Log) -> None:
    """21. Alarm; other producers go on; the operator's word goes on from the floor."""
    await old.drain(recording())
    await read_only(old, 2)
    await prune(old)
    async with old.consuming(recording(PointsEarned, CheckinRecorded)):
        await old.alarmed("history_lost")
        await old.produce(checkin(100))
        await old.scanned("engagement")
        assert await old.numbers() == [0, 1, 100]
        settings = ServiceSettings(database_url=SecretStr(old.url(GROUP)))
        service = Service(name=GROUP, title="", folder=Path(), settings=ServiceSettings)
        runtime = Runtime(service, settings, Surroundings(clock=old.clock))
        await runtime.db.open()
        await return_to_survivor(runtime, "members")
        await runtime.db.close()
        await old.scanned("members")
        assert await old.numbers() == [0, 1, 100, 6, 7, 8]
        await eventually(lambda: not old.metric("log_alarm", producer="members", kind="history_lost"), seconds=SECONDS)


async def test_a_row_that_outlives_its_day_does_not_hide_those_that_do_not(log: Log) -> None:
    """At midnight a row of the new day may have an earlier id than one of the old day. A group that has read the first only
    has lost the second, although the row at its cursor is there.
    """
    clock = VirtualClock(FIRST.replace(hour=23))
    log.clock = clock
    await log.produce(earned(0))
    db = await log.db("members")
    async with AsyncExitStack() as old_day:
        straggler = await old_day.enter_async_context(db.transaction())
        await straggler.execute("SELECT pg_current_xact_id()")
        straggler.append(earned(2))
        tomorrow = VirtualClock(FIRST + timedelta(days=1))
        other = Database(url=log.url("members"), service="members", clock=tomorrow, maximum_connections=1)
        await other.open()
        async with other.transaction() as uow:
            uow.append(earned(1))
        await other.close()
    assert [row["appended_at"].day for row in await log.events()] == [1, 2, 1]
    await log.drain(recording())
    await read_only(log, 2)
    await clock.advance_to(FIRST + timedelta(days=15))
    await prune(log)
    assert [row["appended_at"].day for row in await log.events()] == [2]
    async with log.consuming(recording()):
        await log.alarmed("history_lost")


async def test_a_reader_that_stays_open_delays_pruning_and_no_append(old: Log) -> None:
    """The removal is tried again until it comes to its end; meanwhile the log goes on."""
    db = await old.db("members")
    await old.drain(recording())
    async with AsyncExitStack() as reading:
        reader = await reading.enter_async_context(db.transaction())
        await reader.fetch("SELECT count(*) FROM outbox")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await asyncio.wait_for(impatient(old), SECONDS)
        await old.produce(earned(9))
        await old.drain(recording())
    await prune(old)
    assert len(await old.events()) == 4
    assert min(await days(db)) >= "outbox_20260107"
    await old.drain(recording())
    assert await old.numbers() == list(range(10))


async def impatient(log: Log) -> None:
    """Prune with a role whose patience is short."""
    db = ImpatientDatabase(url=log.url("members"), service="members", clock=log.clock)
    await retention.prune(db, keep=KEEP)


class ImpatientDatabase(Database):
    async def connect(self) -> Connection:
        connection = await super().connect()
        await connection.execute("SET lock_timeout = '100ms'")
        return connection


@pytest.mark.parametrize("when", ["after the floor", "while detaching", "before the drop"])
async def test_pruning_that_was_interrupted_comes_to_its_end(old: Log, when: str) -> None:
    db = await old.db("members")
    await old.drain(recording())
    first_day = (await old.events())[2]
    connection = await db.connect()
    await connection.execute("UPDATE log_floor SET generation = $1, id = $2", first_day["generation"], first_day["id"])
    if when == "while detaching":
        await leave_detaching(old)
    elif when == "before the drop":
        await connection.execute("ALTER TABLE outbox DETACH PARTITION outbox_20260101 CONCURRENTLY")
    await connection.close()
    await old.produce(earned(9))
    await old.drain(recording())
    await prune(old)
    assert len(await old.events()) == 4
    assert await db.fetchval("SELECT to_regclass('outbox_20260101')") is None
    await old.drain(recording())
    assert await old.numbers() == list(range(10))
    assert log_alarms(old) == 0


async def leave_detaching(log: Log) -> None:
    """As a process leaves it that is killed while it waits for a reader."""
    db = await log.db("members")
    async with db.transaction() as reader:
        await reader.fetch("SELECT count(*) FROM outbox")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await impatient(log)
    row = await db.fetchrow("SELECT bool_or(inhdetachpending) AS pending FROM pg_inherits")
    assert row is not None
    assert row["pending"] is True


def log_alarms(log: Log) -> float:
    return sum(log.metric("log_alarm", producer="members", kind=kind) for kind in ("fork", "history_lost", "poison"))


@pytest.mark.parametrize("accepts", [True, False])
async def test_a_group_that_begins_on_a_pruned_log(old: Log, accepts: bool) -> None:
    """With a warning; or not at all, when it needs the whole history, unless it is told to go without."""
    await prune(old)
    async with old.consuming(recording(), accept_missing_history=accepts):
        if accepts:
            await old.scanned()
            assert await old.numbers() == [6, 7, 8]
            return
        await old.alarmed("history_lost")
        assert await (await old.db()).fetchval("SELECT count(*) FROM log_cursor") == 0
    assert await old.numbers() == []
    await old.drain(recording(), accept_missing_history=True)
    assert await old.numbers() == [6, 7, 8]


async def test_a_group_that_begins_on_a_whole_log_reads_it_from_the_start(old: Log) -> None:
    assert await floor(await old.db("members")) == START
    await old.drain(recording(), accept_missing_history=False)
    assert await old.numbers() == list(range(9))


async def carried_to(db: Database, position: Position) -> None:
    """A relay has carried everything up to a position, and is away."""
    await relay_state.begin(db, floor=START, partitions=LANES)
    async with db.transaction() as uow:
        state = await relay_state.take_over(uow.connection)
        await relay_state.move(uow.connection, replace(state, cursor=Cursor(position, None)))


async def test_what_a_relay_has_not_carried_is_kept(old: Log) -> None:
    """Nobody at the broker has it. It is our own relay, so it may be asked."""
    db = await old.db("members")
    rows = await old.events()
    await carried_to(db, Position(rows[2]["generation"], rows[2]["id"]))
    await prune(old)
    assert [row["id"] for row in await old.events()] == [row["id"] for row in rows[3:]]

    await carried_to(db, Position(rows[5]["generation"], rows[5]["id"]))
    await prune(old)
    assert len(await old.events()) == 3


async def test_a_log_that_is_no_longer_carried_is_pruned_by_age(old: Log) -> None:
    db = await old.db("members")
    await carried_to(db, START)
    await prune(old)
    assert len(await old.events()) == 9

    await relay_state.retire(db)
    await prune(old)
    assert len(await old.events()) == 3
