import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from common.engines.copies import back_up, copy_cluster, promote
from common.engines.folder import DataFolder, open_folder
from common.engines.postgres import PostgresEngine

pytestmark = pytest.mark.integration


@pytest.fixture
def other(place: Path) -> Iterator[DataFolder]:
    with open_folder(place / "other") as folder:
        yield folder


async def ask(engine: PostgresEngine, query: str, *, database: str = "postgres") -> object:
    connection = await asyncpg.connect(engine.dsn(database=database))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_copied_folder_is_a_server_beside_the_first(engine: PostgresEngine, other: DataFolder) -> None:
    await ask(engine, "CREATE TABLE kept AS SELECT 42 AS n")
    await engine.stop(mode="kill")
    await copy_cluster(engine.folder, other)
    await engine.start()
    async with PostgresEngine(other, durable=False) as copy:
        await ask(copy, "UPDATE kept SET n = 43")
        assert await ask(copy, "SELECT n FROM kept") == 43
        assert await ask(engine, "SELECT n FROM kept") == 42
        started = "SELECT pg_postmaster_start_time()"
        assert await ask(copy, started) != await ask(engine, started)


async def test_a_standby_follows_and_is_promoted(engine: PostgresEngine, other: DataFolder) -> None:
    await back_up(engine, other, standby=True)
    async with PostgresEngine(other, durable=False) as standby:
        assert await ask(standby, "SELECT pg_is_in_recovery()") is True
        await ask(engine, "CREATE TABLE kept AS SELECT 42 AS n")
        position = await ask(engine, "SELECT pg_current_wal_lsn()::text")
        async with asyncio.timeout(30):
            while not await ask(standby, f"SELECT pg_last_wal_replay_lsn() >= '{position}'"):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
        await engine.stop(mode="kill")
        await promote(standby)
        assert await ask(standby, "SELECT n FROM kept") == 42
        await ask(standby, "INSERT INTO kept VALUES (43)")


async def test_a_dump_is_restored(engine: PostgresEngine, place: Path) -> None:
    await ask(engine, "CREATE TABLE kept AS SELECT 42 AS n")
    await ask(engine, "CREATE DATABASE restored")
    dump = str(place / "dump")
    await engine.run("pg_dump", "--format=custom", f"--file={dump}")
    await engine.run("pg_restore", "--dbname=restored", dump)
    assert await ask(engine, "SELECT n FROM kept", database="restored") == 42
