"""A SIGKILL of ours leaves no broker for long: a leashed one ends with us, any other at the next start."""

import asyncio
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from common.engines.folder import open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Programs
from common.engines.processes import find_marked, wait_until
from common.engines.programs import Tie

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]
SERVER = Path(__file__).with_name("serve_until_killed.py")


async def serve_and_be_killed(path: Path, tie: Tie) -> int:
    """The pid of the broker."""
    server = await asyncio.create_subprocess_exec(sys.executable, str(SERVER), str(path), tie, stdin=PIPE, stdout=PIPE)
    try:
        assert server.stdout is not None
        return int(await server.stdout.readline())
    finally:
        server.kill()
        await server.wait()


def runs(pid: int) -> bool:
    return any(process.pid == pid for process in find_marked("-kafka-1"))


async def test_a_leashed_broker_ends_with_us(programs: Programs, tmp_path: Path) -> None:
    pid = await serve_and_be_killed(tmp_path / "data", "leashed")
    assert await wait_until(lambda: not runs(pid), seconds=10)


async def test_a_broker_left_over_is_ended_by_the_next_start(programs: Programs, tmp_path: Path) -> None:
    pid = await serve_and_be_killed(tmp_path / "data", "told")
    assert runs(pid)
    with open_folder(tmp_path / "data") as folder:
        (folder.path / "kafka" / "1" / "format-draft").mkdir()
        async with KafkaEngine(folder) as engine:
            assert not runs(pid)
            assert [process.pid for process in find_marked(folder.mark("kafka-1"))] == [engine.brokers[0].pid]
            assert not (engine.brokers[0].home / "format-draft").exists()
