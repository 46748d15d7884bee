"""`make run`, as a newcomer sees it."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx2
import pytest

from common.engines.processes import find_marked
from common.testing.waiting import eventually
from e2e.processes import data_folder, fails, get, register, running, start

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SERVICES = ("orders", "members", "engagement", "lifecycle")


async def test_everything_is_where_the_welcome_says(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path)) as platform:
        page = (await get(platform, "/")).text
        for service in SERVICES:
            for path in ("docs", "openapi.json", "health/ready", "metrics"):
                assert f"/{service}/{path}" in page
                assert (await get(platform, f"/{service}/{path}")).status_code == 200
            assert (await get(platform, f"/{service}/health/live")).json() == {"status": "ok"}
        assert (await get(platform, "/members/v1/members/me")).json()["roles"] == ["member", "operator"]
        metrics = (await get(platform, "/metrics")).text
        for service in SERVICES:
            assert f'service="{service}"' in metrics


async def test_ctrl_c_stops_it_cleanly_and_a_second_start_finds_the_data(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path)) as platform:
        member = await register(platform, "ann")
        assert await platform.interrupt() == 0
    async with running(data_folder(tmp_path)) as platform:
        assert await register(platform, "ann") == member


async def test_after_sigkill_the_next_start_ends_what_was_left_and_finds_the_data(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path)) as platform:
        member = await register(platform, "ann")
        await platform.kill()
    async with running(data_folder(tmp_path)) as platform:
        assert await register(platform, "ann") == member
        assert await platform.interrupt() == 0


@pytest.mark.parametrize("engine", ["postgres", "valkey"])
async def test_an_engine_that_is_killed_is_started_again(tmp_path: Path, engine: str) -> None:
    async with running(data_folder(tmp_path)) as platform:
        member = await register(platform, "ann")
        place = data_folder(tmp_path).stat()
        mark = f"huitou-{place.st_dev:x}-{place.st_ino:x}-{engine}"
        os.kill(find_marked(mark)[0].pid, signal.SIGKILL)

        async def found() -> bool:
            try:
                return await register(platform, "ann") == member
            except httpx2.HTTPStatusError:
                return False

        await eventually(found, seconds=40)


async def test_a_second_copy_on_the_same_folder_gets_one_clear_line(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path)):
        code, said = await fails(data_folder(tmp_path))
    assert code != 0
    assert said.count("\n") == 1
    assert "is in use by the process" in said


async def test_a_busy_port_gets_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = await fails(data_folder(tmp_path), port=taken.getsockname()[1])
    assert code != 0
    assert said.count("\n") == 1
    assert "PORT=" in said


async def test_a_folder_of_a_newer_version_gets_one_clear_line(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path)) as platform:
        await platform.interrupt()
    version = data_folder(tmp_path) / "VERSION"
    version.write_text(version.read_text().replace("huitou 1", "huitou 99"))
    code, said = await fails(data_folder(tmp_path))
    assert code != 0
    assert said.count("\n") == 1
    assert "newer version" in said


async def test_a_damaged_folder_gets_one_clear_line(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path)) as platform:
        await platform.interrupt()
    (data_folder(tmp_path) / "postgres" / "global" / "pg_control").unlink()
    code, said = await fails(data_folder(tmp_path))
    assert code != 0
    assert said.count("\n") == 1
    assert "damaged" in said


async def test_a_signal_during_the_start_stops_it_cleanly(tmp_path: Path) -> None:
    process = await start(data_folder(tmp_path))
    await eventually((data_folder(tmp_path) / "postgres.log").exists, seconds=40)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        await process.communicate()
    assert process.returncode == 0
    async with running(data_folder(tmp_path)) as platform:
        assert await platform.interrupt() == 0
