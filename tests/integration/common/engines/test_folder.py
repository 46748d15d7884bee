import os
import shutil
import stat
from pathlib import Path

import pytest

from common.engines.errors import EngineError
from common.engines.folder import open_folder

pytestmark = pytest.mark.integration


def test_a_new_folder_is_private_and_carries_its_version(tmp_path: Path) -> None:
    with open_folder(tmp_path / "a" / "data") as folder:
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert (folder.path / "VERSION").read_text() == "huitou 1\npostgres 18\n"


def test_a_second_owner_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    with open_folder(tmp_path / "data"):
        with pytest.raises(EngineError, match=rf"data is in use by the process {os.getpid()}: ") as refusal:
            open_folder(tmp_path / "data")
        assert "\n" not in str(refusal.value)
    open_folder(tmp_path / "data").close()


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("huitou 2\npostgres 18\n", r"written by a newer version of Huitou \(format 2, known 1\)"),
        ("huitou 1\npostgres 17\n", "holds data of PostgreSQL 17, installed is 18"),
        ("huitou 1\n", "is damaged: its file VERSION"),
        ("hui\x00", "is damaged: its file VERSION"),
        ("", "is damaged: its file VERSION"),
    ],
)
def test_a_version_that_does_not_fit_is_refused_and_the_lock_let_go(tmp_path: Path, version: str, message: str) -> None:
    open_folder(tmp_path / "data").close()
    place = tmp_path / "data" / "VERSION"
    good = place.read_text()
    place.write_text(version)
    with pytest.raises(EngineError, match=message):
        open_folder(tmp_path / "data")
    place.write_text(good)
    open_folder(tmp_path / "data").close()


def test_somebodys_folder_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(EngineError, match="not empty and not a data folder of Huitou"):
        open_folder(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter"]


def test_what_an_early_death_or_a_fresh_volume_left_is_taken(tmp_path: Path) -> None:
    for name in ("lock", "VERSION.new"):
        (tmp_path / name).touch()
    (tmp_path / "lost+found").mkdir()
    open_folder(tmp_path).close()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"cannot use .*file/data as the data folder: Not a directory"):
        open_folder(tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    open_folder(tmp_path / "data").close()
    os.chown(tmp_path / "data" / "VERSION", 12345, 12345)
    with pytest.raises(EngineError, match="belongs to the user 12345, and this is the user 0"):
        open_folder(tmp_path / "data")


def test_a_secret_is_kept_and_private(tmp_path: Path) -> None:
    with open_folder(tmp_path / "data") as folder:
        first, other = folder.secret("one"), folder.secret("two")
        assert stat.S_IMODE((folder.path / "secrets" / "one").stat().st_mode) == 0o600
    with open_folder(tmp_path / "data") as folder:
        assert folder.secret("one") == first != other


def test_a_copy_has_another_mark(tmp_path: Path) -> None:
    open_folder(tmp_path / "data").close()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    with open_folder(tmp_path / "data") as folder, open_folder(tmp_path / "copy") as copy:
        assert folder.mark("postgres") != copy.mark("postgres")
