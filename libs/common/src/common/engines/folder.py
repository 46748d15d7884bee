"""The data folder: one owner at a time, its passwords, its version."""

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from common.engines.errors import EngineError
from common.engines.sockets import make_socket_folder, remove_socket_folder
from common.engines.wheels import read_postgres_major

_FORMAT = 1
_SIGN = "huitou"
# An early death leaves the first two, a fresh volume has the third.
_BEFORE_VERSION = frozenset({"lock", "VERSION.new", "lost+found"})


class FolderInUse(EngineError):
    """`owner` is the process that has it, or started those that do; None if that cannot be read."""

    def __init__(self, path: Path, *, owner: int | None) -> None:
        super().__init__(
            f"{path} is in use by the process {owner or 'unknown'}: stop it, or choose another data folder"
        )
        self.owner = owner


class DataFolder:
    """Held from `open_folder` to `close`; engines take it as the proof that nobody else serves these files."""

    def __init__(self, path: Path, *, lock: int) -> None:
        self.path = path
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._lock < 0:
            return
        for place in self.path.glob("*.run"):
            remove_socket_folder(place, mark=self.mark(place.stem))
        os.close(self._lock)
        self._lock = -1

    def mark(self, engine: str) -> str:
        """A word that only processes of this engine in this folder bear: a copy of the folder has another one."""
        return make_mark(self.path, engine)

    def share_lock(self) -> int:
        """The lock's descriptor: who inherits it owns the folder with us, and after us, for as long as it lives."""
        return self._lock

    def name_owner(self, pid: int) -> None:
        """Say who is to be asked for the folder: at first it is this process."""
        _write_owner(self._lock, pid)

    def secret(self, name: str) -> str:
        """Generated at the first call, the same ever after."""
        place = self.path / "secrets" / name
        if not place.exists():
            self.keep_secret(name, value=secrets.token_urlsafe(24))
        return place.read_text()

    def keep_secret(self, name: str, *, value: str) -> None:
        (self.path / "secrets").mkdir(mode=0o700, exist_ok=True)
        write_durably(self.path / "secrets" / name, value)

    def socket_folder(self, engine: str, *, longest_name: str) -> Path:
        """Private and empty, and the same one as long as this folder is held."""
        return make_socket_folder(self.path / f"{engine}.run", mark=self.mark(engine), longest_name=longest_name)


def make_mark(path: Path, engine: str) -> str:
    place = path.stat()
    return f"{_SIGN}-{place.st_dev:x}-{place.st_ino:x}-{engine}"


def open_folder(path: Path) -> DataFolder:
    """Lock the folder, made on first use, and check that this version can use it."""
    path = path.absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = path.resolve()
        _check_ours(path)
        lock = _lock(path)
        try:
            _check_version(path)
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise EngineError(f"cannot use {path} as the data folder: {error.strerror}") from error
    return DataFolder(path, lock=lock)


def _check_ours(path: Path) -> None:
    names = {entry.name for entry in path.iterdir()}
    if "VERSION" in names:
        owner = (path / "VERSION").stat().st_uid
        if owner != os.geteuid():
            raise EngineError(
                f"{path} belongs to the user {owner}, and this is the user {os.geteuid()}: run as its owner"
            )
    elif names - _BEFORE_VERSION:
        raise EngineError(f"{path} is not empty and not a data folder of Huitou: choose another one")


def _lock(path: Path) -> int:
    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(lock, 32).decode().strip()
        os.close(lock)
        raise FolderInUse(path, owner=int(owner) if owner.isdigit() else None) from None
    _write_owner(lock, os.getpid())
    return lock


def _write_owner(lock: int, pid: int) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{pid}\n".encode(), 0)


def _check_version(path: Path) -> None:
    place, installed = path / "VERSION", read_postgres_major()
    if not place.exists():
        write_durably(place, f"{_SIGN} {_FORMAT}\npostgres {installed}\n")
    try:
        versions = {name: int(number) for name, number in map(str.split, place.read_text().splitlines())}
        found, major = versions[_SIGN], versions["postgres"]
    except (ValueError, KeyError):
        raise EngineError(f"{path} is damaged: its file VERSION cannot be read") from None
    if found > _FORMAT:
        raise EngineError(
            f"{path} was written by a newer version of Huitou (format {found}, known {_FORMAT}): use that one"
        )
    if major != installed:
        raise EngineError(
            f"{path} holds data of PostgreSQL {major}, installed is {installed}: dump there, restore here"
        )


def write_durably(place: Path, text: str) -> None:
    """Whole or not at all, also after a loss of power; readable by us only."""
    draft = place.with_name(f"{place.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
    sync_folder(place.parent)


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
