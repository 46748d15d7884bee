import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from common.engines.cluster import locate_cluster
from common.engines.errors import EngineError
from common.engines.folder import DataFolder, open_folder
from common.engines.postgres import PostgresEngine, StopMode
from common.engines.processes import find_marked, wait_until

pytestmark = pytest.mark.integration


async def ask(engine: PostgresEngine, query: str) -> object:
    connection = await asyncpg.connect(engine.dsn())
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def write_row(engine: PostgresEngine) -> None:
    await ask(engine, "CREATE TABLE kept AS SELECT 42 AS n")


@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
async def test_rows_outlive_every_way_to_stop(engine: PostgresEngine, mode: StopMode) -> None:
    await write_row(engine)
    await engine.stop(mode=mode)
    assert engine.pid is None
    assert find_marked(engine.folder.mark("postgres")) == []
    await engine.start()
    assert await ask(engine, "SELECT n FROM kept") == 42


async def test_rows_outlive_the_postmaster_alone(engine: PostgresEngine) -> None:
    await write_row(engine)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert await wait_until(lambda: engine.pid is None, seconds=10)
    await engine.start()  # its workers may still be there
    assert await ask(engine, "SELECT n FROM kept") == 42


async def test_a_busy_orphan_does_not_hinder_the_next_start(engine: PostgresEngine) -> None:
    connection = await asyncpg.connect(engine.dsn())
    spin = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"  # looks neither at its client nor at the postmaster
    busy = asyncio.create_task(connection.execute(spin))
    spinning = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO%'"
    async with asyncio.timeout(10):
        while await ask(engine, spinning) is None:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert await wait_until(lambda: engine.pid is None, seconds=10)
    await engine.start()
    assert await ask(engine, "SELECT 1") == 1
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await busy


async def test_settings_are_safe_unless_told(folder: DataFolder) -> None:
    async with PostgresEngine(folder, max_connections=20, settings={"max_prepared_transactions": "3"}) as engine:
        names = ("fsync", "full_page_writes", "synchronous_commit", "max_connections", "max_prepared_transactions")
        shown = [await ask(engine, f"SHOW {name}") for name in (*names, "server_encoding", "timezone")]
        assert shown == ["on", "on", "on", "20", "3", "UTF8", "UTC"]
    async with PostgresEngine(folder, durable=False) as engine:
        shown = [await ask(engine, f"SHOW {name}") for name in (*names, "listen_addresses")]
        assert shown == ["off", "off", "on", "100", "0", ""]


async def test_a_password_is_asked_for_on_socket_and_tcp(folder: DataFolder) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with PostgresEngine(folder, durable=False, port=port) as engine:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(engine.dsn(password="guess"))
        password = folder.secret("postgres")
        known = {"host": "127.0.0.1", "port": port, "user": "postgres", "database": "postgres"}
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**known, password="guess")
        await (await asyncpg.connect(**known, password=password)).close()


async def test_an_engine_has_a_session_of_its_own(engine: PostgresEngine) -> None:
    assert engine.pid is not None
    assert os.getsid(engine.pid) == engine.pid  # a terminal interrupts the processes of its own session
    first_line = (locate_cluster(engine.folder) / "postmaster.pid").read_text().partition("\n")[0]
    assert int(first_line) == engine.pid  # whatever wraps the command becomes the postmaster


async def test_a_second_start_is_refused(engine: PostgresEngine) -> None:
    with pytest.raises(EngineError, match="already runs"):
        await engine.start()
    assert await ask(engine, "SELECT 1") == 1


async def test_a_failing_start_says_why(folder: DataFolder) -> None:
    engine = PostgresEngine(folder, durable=False, settings={"max_wal_size": "a lot"})
    with pytest.raises(
        EngineError, match=r'PostgreSQL did not start in .*: FATAL:  .*"max_wal_size": "a lot"'
    ) as error:
        await engine.start()
    assert "\n" not in str(error.value)
    assert "max_wal_size" in error.value.log_tail
    assert engine.pid is None


async def test_a_start_past_its_deadline_leaves_nothing(folder: DataFolder) -> None:
    engine = PostgresEngine(folder, durable=False)
    with pytest.raises(EngineError, match="did not answer within 0 seconds"):
        await engine.start(deadline_seconds=0)
    assert find_marked(folder.mark("postgres")) == []


async def test_an_unreadable_control_file_is_one_line(folder: DataFolder) -> None:
    control = locate_cluster(folder) / "global" / "pg_control"
    content = control.read_bytes()
    control.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(EngineError, match=r"did not start in .*: FATAL:  incorrect checksum in control file"):
        await PostgresEngine(folder, durable=False).start()


@pytest.mark.parametrize("name", ["PG_VERSION", "global/pg_control"])
async def test_a_damaged_cluster_is_not_made_anew(folder: DataFolder, name: str) -> None:
    (locate_cluster(folder) / name).unlink()
    with pytest.raises(EngineError, match=f"is damaged: {name} is missing"):
        await PostgresEngine(folder, durable=False).start()


async def test_half_an_initdb_is_made_anew(place: Path) -> None:
    with open_folder(place / "data") as folder:
        draft = folder.path / "initdb-killed" / "cluster"
        draft.mkdir(parents=True)
        (draft / "PG_VERSION").write_text("18\n")
        async with PostgresEngine(folder, durable=False) as engine:
            assert await ask(engine, "SELECT 1") == 1
        assert list(folder.path.glob("initdb-*")) == []


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


async def test_a_recycled_pid_does_not_hinder_the_start(folder: DataFolder, stranger: subprocess.Popen[bytes]) -> None:
    old = locate_cluster(folder) / "postmaster.pid"
    old.write_text(f"{stranger.pid}\n{old.parent}\n1700000000\n5432\n\n\n  1 1\nready   \n")
    old.chmod(0o600)
    async with PostgresEngine(folder, durable=False) as engine:
        assert await ask(engine, "SELECT 1") == 1
    assert stranger.poll() is None


async def test_a_deep_data_folder_works(place: Path) -> None:
    with open_folder(place / ("d" * 120) / "data") as folder:
        async with PostgresEngine(folder, durable=False) as engine:
            await write_row(engine)
            assert "42" in await engine.run("psql", "--command", "SELECT n FROM kept")
            first = engine.dsn()
            await engine.stop()
            await engine.start()
            assert engine.dsn() == first


async def test_one_engine_serves_several_loops(folder: DataFolder) -> None:
    """As fixtures do: started in one loop, used and stopped in others."""
    engine = PostgresEngine(folder, durable=False)
    await asyncio.to_thread(asyncio.run, engine.start())
    assert await asyncio.to_thread(asyncio.run, ask(engine, "SELECT 1")) == 1
    assert await wait_until(lambda: engine.pid is not None, seconds=0)
    await asyncio.to_thread(asyncio.run, engine.stop())
    assert engine.pid is None
