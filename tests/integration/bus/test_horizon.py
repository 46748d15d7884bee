"""What holds every reader back, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from common.db import Database
from common.engines.folder import DataFolder
from common.testing.waiting import eventually
from integration.bus.cluster import Cluster, new_cluster
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log

pytestmark = pytest.mark.integration


@pytest.fixture
async def preparing(place: Path, cluster_template: DataFolder) -> AsyncIterator[Cluster]:
    async with new_cluster(place, cluster_template, settings={"max_prepared_transactions": "2"}) as cluster:
        yield cluster


async def held(log: Log, *, seconds: float = 0.3) -> None:
    """Wait until the horizon has been held for so long while nothing was read."""
    await eventually(
        lambda: log.metric("log_horizon_seconds", producer="members") > seconds, seconds=SECONDS, what="a held horizon"
    )


async def test_a_writer_in_another_database_holds_the_horizon(cluster: Cluster) -> None:
    """3, first part. Reading never does, however long it takes."""
    log = cluster.log()
    reading, writing = await cluster.connect(database="postgres"), await cluster.connect(database="postgres")
    async with log.consuming(recording()):
        await reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class")
        await log.produce(earned(1))
        await log.scanned()
        await writing.execute("BEGIN; CREATE TABLE other (n int)")
        await log.produce(earned(2))
        await held(log)
        assert await log.numbers() == [1]
        await writing.execute("ROLLBACK")
        await log.scanned()
        await eventually(lambda: not log.metric("log_horizon_seconds", producer="members"), seconds=SECONDS)
    assert await log.numbers() == [1, 2]
    await reading.close()
    await writing.close()


async def test_a_prepared_transaction_holds_the_horizon(preparing: Cluster) -> None:
    """3, second part. It outlives even its session, which is why none are allowed."""
    log = preparing.log()
    async with log.consuming(recording()):
        await preparing.execute("BEGIN; CREATE TABLE other (n int); PREPARE TRANSACTION 'forgotten'")
        await log.produce(earned(1))
        await held(log)
        assert await log.numbers() == []
        await preparing.execute("ROLLBACK PREPARED 'forgotten'")
        await log.scanned()
    assert await log.numbers() == [1]


async def test_the_time_limit_of_a_role_frees_the_horizon(cluster: Cluster) -> None:
    """3, third part. A service's writer that forgets to end is ended."""
    await cluster.execute("ALTER ROLE orders SET transaction_timeout = '700ms'")
    log = cluster.log()
    db = log.new_db("orders")
    await db.open()
    async with log.consuming(recording()):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await forget_to_end(db, log)
    await db.close()
    assert await log.numbers() == [1]


async def forget_to_end(db: Database, log: Log) -> None:
    async with db.transaction() as uow:
        await uow.execute("INSERT INTO counter VALUES ('', 0)")
        await log.produce(earned(1))
        await log.scanned()
        await uow.execute("SELECT")


async def test_a_held_horizon_is_not_polled_ever_so_often(cluster: Cluster) -> None:
    log = cluster.log()
    writing = await cluster.connect(database="postgres")
    times: list[datetime | None] = []

    async def on_progress(to: Mapping[str, datetime | None]) -> None:
        times.append(to["members"])

    async with log.consuming(recording(), on_progress=on_progress):
        await log.produce(earned(1))
        await log.scanned()
        await writing.execute("BEGIN; CREATE TABLE other (n int)")
        await log.produce(earned(2))
        before = len(times)
        await held(log, seconds=1)
        polls = len(times) - before
        assert polls < 150, "at two milliseconds it would be hundreds"
        assert len(set(times[before + 1 :])) == 1, "time is not complete beyond what is held"
    await asyncio.wait_for(writing.close(), SECONDS)
