"""Running the wheels' programs: to their end, or as servers apart from us."""

import asyncio
import atexit
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Literal, TypeAlias

from common.engines.errors import EngineError


@dataclass(frozen=True)
class Identity:
    """Whom a program runs as: `prefix` wraps its command; `uid` and `gid` really change the user, None keeps ours."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def extra_groups(self) -> list[int] | None:
        return None if self.uid is None else []


OURS = Identity()

Tie: TypeAlias = Literal["told", "leashed", "detached"]
"""How a server ends with us: told to stop when our interpreter ends; besides that killed when we, or the thread that
started it, are killed (Linux); or not at all.
"""
_LEASH = (  # for a parent that is gone already, no signal would come
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); "
    "os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])"
)


async def run(
    command: Sequence[str | Path],
    *,
    identity: Identity = OURS,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it printed; an EngineError carries what it complained of.

    Not by asyncio: not every loop can change the user.
    """
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - quickly begun; the wheels' programs with our own arguments
        [*identity.prefix, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=_clean_environment() | dict(environment or {}),
        start_new_session=True,
        user=identity.uid,
        group=identity.gid,
        extra_groups=identity.extra_groups(),
    )
    try:
        output, complaint = await asyncio.to_thread(process.communicate)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        said = complaint.decode(errors="replace").strip()
        last = said.rpartition("\n")[2] or f"exit code {process.returncode}"
        raise EngineError(f"{Path(command[0]).name} failed: {last}", log_tail=said)
    return output.decode()


def launch(
    command: Sequence[str],
    *,
    identity: Identity,
    folder: Path,
    log: Path,
    tie: Tie = "told",
    environment: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches us and not the server. It gets the descriptors
    that it is to `inherit`.

    Not by asyncio: its children die with the loop that started them, and an engine may serve several loops.
    """
    leash = [sys.executable, "-ISc", _LEASH, str(os.getpid())] if tie == "leashed" else []
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        child = subprocess.Popen(  # noqa: S603 - the wheels' programs with our own arguments
            [*leash, *identity.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=folder,
            env=_clean_environment() | dict(environment or {}),
            pass_fds=inherit,
            start_new_session=True,
            user=identity.uid,
            group=identity.gid,
            extra_groups=identity.extra_groups(),
        )
    finally:
        os.close(descriptor)
    if tie != "detached":
        atexit.register(child.send_signal, SIGINT)  # to a child that has ended it sends nothing
    return child


def _clean_environment() -> dict[str, str]:
    """What a program may know of ours: no PGDATA or PGPORT that would mislead it, no secret of the platform."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
