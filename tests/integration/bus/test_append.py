"""Appending: days that are missing, a first append by many at once, all or nothing with the state."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from common.bus import outbox
from common.bus.outbox import Span, partition_name
from common.clock import VirtualClock
from common.contracts.envelope import decode
from common.contracts.log import GenerationStarted
from common.db import Database
from integration.bus.effects import earned, recording
from integration.bus.harness import ONLY_POSTGRES, Log

pytestmark = [pytest.mark.integration, ONLY_POSTGRES]

RACERS = 8


async def days(db: Database) -> list[str]:
    rows = await db.fetch(
        "SELECT inhrelid::regclass::text AS day FROM pg_inherits WHERE inhparent = 'outbox'::regclass"
    )
    return sorted(row["day"] for row in rows)


async def markers(db: Database) -> list[GenerationStarted]:
    rows = await db.fetch("SELECT envelope FROM outbox WHERE type LIKE '%log.generation_started%' ORDER BY generation")
    return [event for row in rows if isinstance(event := decode(row["envelope"])[1], GenerationStarted)]


async def test_a_first_append_by_eight_at_once(log: Log) -> None:
    """They create the days and begin the generation between them; one marker comes first, and nobody fails."""
    racers = [log.new_db("members", connections=2) for _ in range(RACERS)]
    for db in racers:
        await db.open()
    barrier = asyncio.Barrier(RACERS)

    async def race(n: int) -> None:
        async with racers[n].transaction() as uow:
            uow.append(earned(n, key=n))
            await barrier.wait()

    await asyncio.gather(*(race(n) for n in range(RACERS)))
    rows = await racers[0].fetch("SELECT type, generation FROM outbox ORDER BY generation, id")
    assert [row["type"].split(".")[2] for row in rows] == ["log", *["points"] * RACERS]
    assert len({row["generation"] for row in rows}) == 1
    assert len(await markers(racers[0])) == 1
    assert len(await days(racers[0])) == outbox.DAYS_AHEAD + 1
    for db in racers:
        await db.close()


async def test_a_missing_day_is_created_and_the_append_done_again(log: Log) -> None:
    await log.produce(earned(1))
    db = await log.db("members")
    today = partition_name(datetime.now(UTC).date())
    for _ in range(3):
        for day in await days(db):
            if day >= today:
                await db.pool.execute(f"DROP TABLE {day}")
        await asyncio.gather(*(log.produce(earned(2, key=n)) for n in range(RACERS)))
        assert today in await days(db)
        assert len(await log.events()) == RACERS


async def test_a_day_that_is_missing_after_the_state_was_changed(log: Log) -> None:
    """The unit of work goes on: what it did before stays, and is there when its event is."""
    db = await log.db("members")
    async with db.transaction() as uow:
        await uow.execute("INSERT INTO counter VALUES ('kept', 1)")
        uow.append(earned(1))
    assert await db.fetchval("SELECT version FROM counter WHERE key = 'kept'") == 1
    assert len(await log.events()) == 1


@pytest.mark.parametrize(
    ("span", "partitions"),
    [(Span.DAY, ["outbox_20260228", "outbox_20260301"]), (Span.MONTH, ["outbox_20260201", "outbox_20260301"])],
)
async def test_midnight_between_two_appends(log: Log, span: Span, partitions: list[str]) -> None:
    log.span = span
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    clock = VirtualClock(midnight - timedelta(microseconds=1))
    log.clock = clock
    await log.produce(earned(1))
    await clock.advance_to(midnight)
    await log.produce(earned(2))
    rows = await (await log.db("members")).fetch(
        "SELECT tableoid::regclass::text AS partition FROM outbox WHERE type LIKE '%points%' ORDER BY generation, id"
    )
    assert [row["partition"] for row in rows] == partitions
    await log.drain(recording())
    assert await log.numbers() == [1, 2]


@pytest.mark.parametrize("year", [1970, 2017, 2200])
async def test_a_clock_far_away(log: Log, year: int) -> None:
    log.clock = VirtualClock(datetime(year, 6, 1, tzinfo=UTC))
    await log.produce(earned(1))
    await log.drain(recording())
    assert await log.numbers() == [1]
    [row] = await log.events()
    assert row["appended_at"].year == year


async def test_no_event_without_its_state(log: Log) -> None:
    db = await log.db("members")

    async def tell(sql: str) -> None:
        async with db.transaction() as uow:
            uow.append(earned(1))
            await uow.execute(sql)

    with pytest.raises(asyncpg.UniqueViolationError):
        await tell("INSERT INTO counter VALUES ('twice', 1), ('twice', 2)")
    assert await log.events() == []


async def test_preparing_again_changes_nothing(log: Log) -> None:
    db = await log.db("members")
    for _ in range(3):
        await db.prepare_log()
    assert len(await markers(db)) == 1
