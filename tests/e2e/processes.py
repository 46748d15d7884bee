"""The platform as a user starts it: a child process, its output, its signals."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

READY_SECONDS = 120


@dataclass
class RunningPlatform:
    process: asyncio.subprocess.Process
    url: str
    token: str
    output: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return await self.process.wait()

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


def _environment() -> dict[str, str]:
    """As a newcomer's shell has it: nothing of ours."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


async def start(
    data: Path, *, port: int = 0, module: str = "embedded", arguments: tuple[str, ...] = ()
) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", module, "--data", str(data), "--port", str(port), *arguments]
    return await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=_environment(),
        start_new_session=True,
    )


async def fails(data: Path, **wishes: Any) -> tuple[int, str]:
    """Start what cannot start; its exit code and everything it said. `wishes` as for `start`."""
    process = await start(data, **wishes)
    async with asyncio.timeout(READY_SECONDS):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@asynccontextmanager
async def running(data: Path, **wishes: Any) -> AsyncIterator[RunningPlatform]:
    """`wishes` as for `start`."""
    process = await start(data, **wishes)
    assert process.stdout is not None
    try:
        platform = await _ready(process, process.stdout)
        reading = asyncio.create_task(process.stdout.read())  # else it would wait for somebody who reads what it says
        yield platform
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()
    await reading


async def _ready(process: asyncio.subprocess.Process, stdout: asyncio.StreamReader) -> RunningPlatform:
    output = ""
    async with asyncio.timeout(READY_SECONDS):
        while "Ctrl-C stops it" not in output:
            line = await stdout.readline()
            if not line:
                raise AssertionError(f"the platform ended before it was ready:\n{output}")
            output += line.decode()
    url = re.search(r"(?:start here|API pages)\s+(http://[^/\s]+)/", output)
    token = re.search(r"TOKEN=(\S+)", output)
    assert url is not None
    assert token is not None
    return RunningPlatform(process, url.group(1), token.group(1), output)


async def get(platform: RunningPlatform, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=platform.url, headers=platform.headers, timeout=20) as client:
        return await client.get(path)


def data_folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def register(platform: RunningPlatform, external_id: str) -> str:
    async with httpx2.AsyncClient(base_url=platform.url, timeout=20) as client:
        answer = await client.post(
            "/members/v1/members",
            json={"external_id": external_id},
            headers={**platform.headers, "Idempotency-Key": external_id},
        )
    answer.raise_for_status()
    return str(answer.json()["id"])
