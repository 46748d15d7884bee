import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from subprocess import PIPE

import asyncpg
import pytest
import redis.asyncio

from common.engines.errors import EngineError
from common.engines.folder import open_folder
from common.engines.postgres import PostgresEngine
from common.engines.processes import end_marked, find_marked, wait_until
from common.engines.valkey import ValkeyEngine

pytestmark = pytest.mark.integration
PLATFORM = Path(__file__).with_name("serve_until_killed.py")

Serve = Callable[[Path], subprocess.Popen[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts platforms in processes of their own, and ends them and what they leave."""
    started: dict[Path, subprocess.Popen[str]] = {}

    def start(path: Path) -> subprocess.Popen[str]:
        command = [sys.executable, str(PLATFORM), str(path)]
        started[path] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return started[path]

    yield start
    for path, platform in started.items():
        platform.kill()
        for pipe in (platform.stdin, platform.stdout):
            assert pipe is not None
            pipe.close()
        platform.wait()
        with open_folder(path) as folder:
            for engine in ("postgres", "valkey"):
                await end_marked(folder.mark(engine), ladder=((signal.SIGKILL, 10),))


def wait_ready(platform: subprocess.Popen[str]) -> list[int]:
    """The pids of its PostgreSQL and Valkey."""
    assert platform.stdout is not None
    word, *pids = platform.stdout.readline().split()
    assert word == "ready"
    return [int(pid) for pid in pids]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_outlives_our_sigkill_is_ended_by_the_next_start(place: Path, serve: Serve) -> None:
    platform = serve(place / "data")
    postgres_pid, valkey_pid = wait_ready(platform)
    with pytest.raises(EngineError, match=f"in use by the process {platform.pid}"):
        open_folder(place / "data")
    platform.kill()
    platform.wait()
    assert alive(postgres_pid)
    assert alive(valkey_pid)
    with open_folder(place / "data") as folder:
        async with PostgresEngine(folder) as postgres, ValkeyEngine(folder) as valkey:
            assert await wait_until(lambda: not alive(postgres_pid) and not alive(valkey_pid), seconds=10)
            connection = await asyncpg.connect(postgres.dsn())
            assert await connection.fetchval("SELECT n FROM kept") == 42
            await connection.close()
            client = redis.asyncio.Redis.from_url(valkey.url())
            assert await client.ping()
            await client.aclose()


async def test_an_orderly_end_leaves_nothing(place: Path, serve: Serve) -> None:
    platform = serve(place / "data")
    pids = wait_ready(platform)
    assert [os.getsid(pid) for pid in pids] == pids  # a terminal interrupts the processes of its own session
    platform.communicate(timeout=30)  # closes its input
    assert platform.returncode == 0
    assert not any(alive(pid) for pid in pids)


async def test_who_forgets_to_stop_leaves_nothing_either(place: Path) -> None:
    program = f"""
import asyncio, pathlib
from common.engines.folder import open_folder
from common.engines.valkey import ValkeyEngine
engine = ValkeyEngine(open_folder(pathlib.Path({str(place / "data")!r})))
asyncio.run(engine.start())
print(engine.pid, flush=True)
raise SystemExit("forgot it")
"""
    forgetful = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, stderr=PIPE)
    output, complaint = await forgetful.communicate()
    assert complaint == b"forgot it\n"
    assert await wait_until(lambda: not alive(int(output)), seconds=10)


async def test_a_first_start_killed_in_the_middle_is_made_anew(place: Path, serve: Serve) -> None:
    platform = serve(place / "data")
    control = "initdb-*/cluster/global/pg_control"
    assert await wait_until(lambda: any((place / "data").glob(control)), seconds=30)
    platform.kill()
    platform.wait()
    assert not (place / "data" / "postgres").exists()
    with open_folder(place / "data") as folder:
        async with PostgresEngine(folder, durable=False) as engine:
            connection = await asyncpg.connect(engine.dsn())
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()


async def test_a_mark_never_reaches_a_stranger(place: Path) -> None:
    with open_folder(place / "data") as folder:
        mark = folder.mark("postgres")
        stranger = await asyncio.create_subprocess_exec("sh", "-c", "read line", mark, stdin=subprocess.PIPE)
        assert find_marked(mark) == []
        await end_marked(mark, ladder=((signal.SIGKILL, 1),))
        assert stranger.returncode is None
        stranger.kill()
        await stranger.wait()
