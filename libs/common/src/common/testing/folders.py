"""Where tests keep their servers' files."""

import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
_ROOM_BYTES = 2 * 1024**3


def make_folder(parent: Path | None = None) -> Path:
    """A new folder that all users can reach: where user namespaces are forbidden, PostgreSQL runs as another user than we.

    In memory where there is room: a test's database is hundreds of small files, and copying them takes a disk half a second.
    """
    if parent is None and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        parent = _MEMORY
    folder = Path(tempfile.mkdtemp(prefix="huitou-tests-", dir=parent))
    folder.chmod(0o755)
    return folder
