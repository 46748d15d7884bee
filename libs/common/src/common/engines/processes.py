"""The processes of an engine: found by their mark, ended by a ladder of signals.

The mark is a word of the engine's command line that belongs to one folder. PostgreSQL and Valkey carry it into the
titles of all their processes, Kafka's Java keeps it among its arguments, so that a scan of /proc finds an engine that outlived us, workers without their head
included, and a process that merely got its old number is never taken for it.
"""

import asyncio
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals
from subprocess import Popen
from typing import TypeAlias

from common.engines.errors import EngineError

_PROC = Path("/proc")
_POLL_SECONDS = 0.02
_LOG_TAIL_LINES = 20
_HEAD = re.compile(rb"(?:[^\0]*/)?(?:postgres|initdb|unshare|valkey-server|java)[\0 ]")

Ladder: TypeAlias = Sequence[tuple[Signals, float]]
"""Signals in order, each with the seconds that it is given to work."""


@dataclass(frozen=True)
class MarkedProcess:
    pid: int
    parent: int
    worker: bool  # one of PostgreSQL's own children, by its title


def find_marked(mark: str, *, child: Popen[bytes] | None = None) -> list[MarkedProcess]:
    """Heads before workers. A `child` of ours is found even in the instant of an exec, when its command line is empty."""
    if not _PROC.joinpath("self", "stat").exists():
        raise EngineError("the embedded engines need Linux with /proc: elsewhere use docker compose")
    found = [process for entry in _PROC.iterdir() if entry.name.isdigit() if (process := _read(entry, mark.encode()))]
    if child is not None and child.poll() is None and child.pid not in {process.pid for process in found}:
        found.append(MarkedProcess(child.pid, os.getpid(), worker=False))
    return sorted(found, key=lambda process: process.worker)


def _read(entry: Path, mark: bytes) -> MarkedProcess | None:
    try:
        command = (entry / "cmdline").read_bytes()
        worker = command.startswith(b"postgres: %b: " % mark)
        if not worker and not (mark in command and _HEAD.match(command)):
            return None
        parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended meanwhile
        return None
    return MarkedProcess(int(entry.name), parent, worker)


async def end_marked(mark: str, *, ladder: Ladder, child: Popen[bytes] | None = None) -> None:
    """Orderly signals go to the heads only; workers whose head is gone have nothing left to do in order."""
    for number, seconds in ladder:
        found = find_marked(mark, child=child)
        pids = {process.pid for process in found}
        heads = [process for process in found if not process.worker and process.parent not in pids]
        if found and not heads and number is not SIGKILL:
            continue
        for process in found if number is SIGKILL else heads:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
        if await wait_until(lambda: not find_marked(mark, child=child), seconds=seconds):
            return
    raise EngineError(f"processes do not end: {', '.join(str(process.pid) for process in find_marked(mark))}")


async def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


def read_log_tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-_LOG_TAIL_LINES:])
