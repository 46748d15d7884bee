import shutil
import socket
import stat
from pathlib import Path

import pytest

from common.engines.folder import open_folder

pytestmark = pytest.mark.integration
NAME = "some.socket"


def deep(path: Path) -> Path:
    return path / ("d" * 120) / "data"


def test_a_short_path_keeps_its_sockets_inside(tmp_path: Path) -> None:
    with open_folder(tmp_path / "d") as folder:
        place = folder.socket_folder("engine", longest_name=NAME)
        (place / "stale").touch()
        assert folder.socket_folder("engine", longest_name=NAME) == place == folder.path / "engine.run"
        assert list(place.iterdir()) == []


def test_a_deep_path_gets_a_short_private_folder_until_it_is_closed(tmp_path: Path) -> None:
    with open_folder(deep(tmp_path)) as folder:
        place = folder.socket_folder("engine", longest_name=NAME)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place / NAME))
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert folder.socket_folder("engine", longest_name=NAME) == place
        assert list(place.iterdir()) == []
    assert not place.exists()


def test_the_short_folder_of_a_killed_start_is_used_again(tmp_path: Path) -> None:
    killed = open_folder(deep(tmp_path))
    place = killed.socket_folder("engine", longest_name=NAME)
    shutil.copytree(killed.path, tmp_path / "saved", symlinks=True)
    with open_folder(tmp_path / "saved") as copy:  # has the link, but is not the one that it was made for
        copy.socket_folder("engine", longest_name=NAME)
    assert place.exists()
    assert killed.socket_folder("engine", longest_name=NAME) == place
    killed.close()


def test_a_folder_that_somebody_put_in_its_place_is_not_trusted(tmp_path: Path) -> None:
    with open_folder(deep(tmp_path)) as folder:
        place = folder.socket_folder("engine", longest_name=NAME)
        place.chmod(0o777)
        other = folder.socket_folder("engine", longest_name=NAME)
        assert other != place
    place.rmdir()
    assert not other.exists()
