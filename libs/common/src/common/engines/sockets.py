"""Private folders for unix sockets, whose paths have little room: data folders may lie deep."""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from common.engines.errors import EngineError

_PATH_BYTES = 103  # Linux takes 107, macOS 103


def make_socket_folder(place: Path, *, mark: str, longest_name: str) -> Path:
    """`place`, emptied; or where its path is too long, a folder in a short place that `place` then links to, so that
    the next start uses the same one.
    """
    if _fits(place / longest_name):
        remove_socket_folder(place, mark=mark)
        place.mkdir(mode=0o700)
        return place
    short = _follow(place, mark=mark)
    if short is None:
        remove_socket_folder(place, mark=mark)
        short = Path(tempfile.mkdtemp(prefix=f"{mark}-"))
        place.symlink_to(short)
    if not _fits(short / longest_name):
        raise EngineError(f"the path {short} is too long for a socket: set TMPDIR to a shorter one")
    for stale in short.iterdir():
        stale.unlink()
    return short


def remove_socket_folder(place: Path, *, mark: str) -> None:
    short = _follow(place, mark=mark)
    shutil.rmtree(short or place, ignore_errors=True)
    with suppress(FileNotFoundError):
        place.unlink()


def _follow(place: Path, *, mark: str) -> Path | None:
    """The short folder, if it is still there and ours: a copy of a data folder has the link, but another mark."""
    if not place.is_symlink():
        return None
    short = place.readlink()
    if not short.name.startswith(f"{mark}-") or not short.exists():
        return None
    mode = short.lstat().st_mode
    return short if stat.S_ISDIR(mode) and stat.S_IMODE(mode) == stat.S_IRWXU else None


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= _PATH_BYTES
