"""Processes of ours: started, watched, started again when they end unasked, ended in order."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from signal import SIGKILL, SIGTERM
from subprocess import Popen

import httpx2

from common.engines.errors import EngineError
from common.engines.processes import read_log_tail, wait_until
from common.engines.programs import OURS, launch
from common.loops import Loop
from embedded.distributed.places import Place

READY_SECONDS = 90.0
STOP_SECONDS = 15.0
"""A process has so long to end in order: open requests and a batch have five each."""
KILL_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_LONGEST = 300
"""Characters of what a process said last."""


class Ended(Exception):
    """A process ended although nobody asked."""


class Child:
    """`python -m <service> <part>`, for as long as it is wanted. It dies with us, also when we are killed."""

    def __init__(self, place: Place, *, environment: Mapping[str, str], logs: Path) -> None:
        self.place = place
        self.log = place.log(logs)
        self.ended: Ended | None = None
        """How it last ended unasked."""
        self.environment = environment
        self._process: Popen[bytes] | None = None
        self._loop = Loop(place.name, self._run, on_restart=self._note)

    @property
    def pid(self) -> int | None:
        """While it lives."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        self._loop.start()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that did not end it in time."""
        self._loop.stopping.set()
        process = self._process
        if process is not None:
            for number, seconds in ((SIGTERM, STOP_SECONDS), (SIGKILL, KILL_SECONDS)):
                process.send_signal(number)  # to one that has ended it sends nothing
                if await _end_of(process, seconds=seconds):
                    break
        await self._loop.stop()

    async def _run(self, stopping: asyncio.Event) -> None:
        """One life."""
        command = [sys.executable, "-m", self.place.service, self.place.part]
        self._process = launch(
            command, identity=OURS, folder=Path.cwd(), log=self.log, tie="leashed", environment=self.environment
        )
        await _end_of(self._process)
        if not stopping.is_set():
            raise Ended(_tell_end(self._process.returncode, self.log))

    def _note(self, error: BaseException) -> None:
        if isinstance(error, Ended):
            self.ended = error


def _tell_end(code: int, log: Path) -> str:
    if code < 0:
        return f"it was ended by signal {-code}"
    last = read_log_tail(log).rpartition("\n")[2]
    return f"it ended by itself: {last[:_LONGEST] or f'exit code {code}'}"


async def _end_of(process: Popen[bytes], *, seconds: float = inf) -> bool:
    """Whether it came in time."""
    return await wait_until(lambda: process.poll() is not None, seconds=seconds)


async def wait_ready(children: Iterable[Child]) -> None:
    """Until every process can do its work. Raises EngineError for one that ended, or at the deadline."""
    async with httpx2.AsyncClient(timeout=5) as client, asyncio.TaskGroup() as group:
        for child in children:
            group.create_task(_wait_ready(client, child))


async def _wait_ready(client: httpx2.AsyncClient, child: Child) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await _is_ready(client, child.place):
                if child.ended is not None:
                    raise EngineError(f"{child.place.name} did not start: {child.ended} (log: {child.log}.1)")
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError as error:
        raise EngineError(
            f"{child.place.name} was not ready within {READY_SECONDS:.0f} s (log: {child.log})"
        ) from error


async def _is_ready(client: httpx2.AsyncClient, place: Place) -> bool:
    try:
        answer = await client.get(f"{place.url}/{place.service}/health/ready")
    except httpx2.HTTPError:
        return False
    return answer.status_code == httpx2.codes.OK
