"""The files of one PostgreSQL cluster: made whole or not at all, checked, and handed to whom the server runs as."""

import asyncio
import importlib.metadata
import shutil
import tempfile
from pathlib import Path

from common.engines.errors import EngineError
from common.engines.folder import DataFolder, sync_folder
from common.engines.identity import hand_over
from common.engines.programs import Identity, run
from common.engines.wheels import POSTGRES_WHEEL, find_postgres, find_wheel

SUPERUSER = "postgres"
SECRET = "postgres"  # noqa: S105 - the name of the file that holds the superuser's password
_DRAFT = "initdb-"
_PROC = Path("/proc")


def locate_cluster(folder: DataFolder) -> Path:
    return folder.path / "postgres"


async def prepare_programs(folder: DataFolder, *, identity: Identity) -> Path:
    """The folder of PostgreSQL's programs as this identity can run them; for another user they may be a copy."""
    programs = find_postgres()
    if identity.uid is None:
        return programs
    folder.path.chmod(folder.path.stat().st_mode | 0o011)  # our own folder; those above it stay as they are
    if not await _can(identity, 'cd "$0"', folder.path):
        raise EngineError(
            f"PostgreSQL refuses to run as root, user namespaces are forbidden here, and the user {identity.uid} "
            f"cannot reach {folder.path}: run as an ordinary user, or choose a data folder that all users can reach"
        )
    if await _can(identity, '"$0" --version', programs / "postgres"):
        return programs
    return await asyncio.to_thread(_copy_programs, folder, identity)


async def _can(identity: Identity, script: str, path: Path) -> bool:
    try:
        await run(["sh", "-c", script, path], identity=identity, folder=Path("/"))
    except EngineError:
        return False
    return True


def _copy_programs(folder: DataFolder, identity: Identity) -> Path:
    programs, wheel = find_postgres(), find_wheel(POSTGRES_WHEEL)
    copy = folder.path / f"programs-{importlib.metadata.version(POSTGRES_WHEEL)}"
    if not copy.exists():
        for stale in folder.path.glob("programs-*"):
            shutil.rmtree(stale)
        draft = Path(tempfile.mkdtemp(prefix="programs-", dir=folder.path))
        shutil.copytree(wheel, draft / wheel.name, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__"))
        libraries = wheel.with_name(f"{wheel.name}.libs")  # found by the programs relative to themselves
        shutil.copytree(libraries, draft / libraries.name)
        hand_over(draft, identity=identity)
        draft.rename(copy)
    return copy / programs.relative_to(wheel.parent)


async def ensure_cluster(folder: DataFolder, *, programs: Path, identity: Identity, durable: bool) -> None:
    """Made under another name and renamed when whole: what was killed in the middle is thrown away and made anew."""
    cluster = locate_cluster(folder)
    for draft in folder.path.glob(f"{_DRAFT}*"):
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    if not cluster.exists():
        await _make_cluster(folder, programs=programs, identity=identity, durable=durable)
    for name in ("PG_VERSION", "global/pg_control", "postgresql.conf"):
        if not (cluster / name).is_file():
            raise EngineError(f"{cluster} is damaged: {name} is missing; restore the data folder from a backup")
    await asyncio.to_thread(hand_over, cluster, identity=identity)


async def _make_cluster(folder: DataFolder, *, programs: Path, identity: Identity, durable: bool) -> None:
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder.path))
    password = draft / "password"
    password.touch(mode=0o600)
    password.write_text(folder.secret(SECRET))
    hand_over(draft, identity=identity)
    command: list[str | Path] = [
        programs / "initdb",
        f"--pgdata={draft / 'cluster'}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        f"--set=cluster_name={folder.mark('postgres')}",  # so that a left-over initdb is found by its mark
        *([] if durable else ["--no-sync"]),
    ]
    await run(command, identity=identity, folder=draft)
    (draft / "cluster").rename(locate_cluster(folder))
    sync_folder(folder.path)
    shutil.rmtree(draft)


def forget_recycled_pid(cluster: Path, *, mark: str) -> None:
    """PostgreSQL does not start while the process of its old postmaster.pid lives, even if that number is now somebody
    else's. Called when no process of this folder is left.
    """
    place = cluster / "postmaster.pid"
    if not place.exists():
        return
    pid = place.read_text().partition("\n")[0]
    command = _PROC / pid / "cmdline"
    if command.exists() and mark.encode() not in command.read_bytes():
        place.unlink()
