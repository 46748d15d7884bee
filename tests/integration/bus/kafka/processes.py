"""Relays and workers as processes of their own, which a test may kill and suspend."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

from integration.bus.harness import GROUP, SECONDS, Log

_HERE = Path(__file__).parent
_WORK, _CARRY = _HERE.with_name("work.py"), _HERE / "carry.py"


class Process:
    """A script of ours that says `ready`. It ends with the block, if not before."""

    def __init__(self, script: Path, arguments: Sequence[str]) -> None:
        self.name = script.stem
        self._command = [sys.executable, str(script), *arguments]
        self._child: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def start(self) -> None:
        """Again, as whoever supervises it would, when it ends at once because its database is away."""
        async with asyncio.timeout(3 * SECONDS):
            while not await self._try():
                await self.end()

    async def _try(self) -> bool:
        """Whether it has begun."""
        self._child = await asyncio.create_subprocess_exec(
            *self._command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(_HERE.parents[2])},
        )
        assert self._child.stdout is not None
        try:
            return await asyncio.wait_for(self._child.stdout.readline(), SECONDS) == b"ready\n"
        except TimeoutError:
            return False

    def send(self, number: signal.Signals) -> None:
        assert self._child is not None
        self._child.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Its exit code."""
        assert self._child is not None
        if self._child.returncode is None:
            self._child.send_signal(number)
        return await asyncio.wait_for(self._child.wait(), SECONDS)


def worker(log: Log) -> Process:
    return Process(_WORK, [log.url(GROUP), log.url("members"), log.broker.servers, log.broker.prefix])


def relay(log: Log) -> Process:
    return Process(_CARRY, [log.url("members"), log.broker.servers, log.broker.prefix])


@asynccontextmanager
async def running(*processes: Process) -> AsyncIterator[Sequence[Process]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(process) for process in processes]
