"""`make up-local`: every service in processes of its own."""

import os
import re
import signal
import socket
from pathlib import Path
from time import monotonic

import httpx2
import pytest

from common.engines.processes import find_marked
from common.testing.waiting import eventually
from e2e.processes import RunningPlatform, fails, running

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.usefixtures("kafka_jars"),
]
LOCAL = "embedded.distributed"
SERVICES = ("orders", "members", "engagement", "lifecycle")
STOPPED_SECONDS = 60


def apis(platform: RunningPlatform) -> dict[str, str]:
    """Service → where its API is, as the page says."""
    return {service: url for url, service in re.findall(r"(http://\S+)/(\w+)/docs", platform.output)}


def metrics(platform: RunningPlatform) -> list[tuple[str, str]]:
    """(part, URL) of every process, as the page says."""
    return re.findall(r"(api|worker|relay) (http://\S+/metrics)", platform.output)


async def register(platform: RunningPlatform, name: str) -> str:
    async with httpx2.AsyncClient(headers=platform.headers, timeout=20) as client:
        answer = await client.post(
            f"{apis(platform)['members']}/members/v1/members",
            json={"channel": "store", "external_id": name},
            headers={"Idempotency-Key": name},
        )
    answer.raise_for_status()
    return str(answer.json()["id"])


async def is_known(platform: RunningPlatform, member: str) -> None:
    """Wait until lifecycle has heard of them: from the API of members over its relay, and the worker of lifecycle. Its own
    API may still have to be started again.
    """

    async def known() -> bool:
        async with httpx2.AsyncClient(headers=platform.headers, timeout=20) as client:
            try:
                answer = await client.get(f"{apis(platform)['lifecycle']}/lifecycle/v1/members/{member}")
            except httpx2.ConnectError:
                return False
        return answer.status_code == 200

    await eventually(known, seconds=60, what=f"lifecycle knows {member}")


def processes_of(data: Path) -> list[int]:
    """Of the services, by what they were started with."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if b"-m" in command and str(data).encode() in environment:
            found.append(int(entry.name))
    return found


async def test_everything_is_where_the_page_says_and_ctrl_c_stops_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data, module=LOCAL) as platform:
        assert set(apis(platform)) == set(SERVICES)
        async with httpx2.AsyncClient(timeout=20) as client:
            for service, url in apis(platform).items():
                assert (await client.get(f"{url}/{service}/docs")).status_code == 200
            assert len(metrics(platform)) == 12
            for part, url in metrics(platform):
                said = (await client.get(url)).text
                assert ("log_relay_leading" in said) == (part == "relay")
        for service in SERVICES:
            for part in ("api", "worker", "relay"):
                assert (data / "logs" / f"{service}-{part}.log").is_file()
        await is_known(platform, await register(platform, "ann"))

        code, said = await fails(data, module=LOCAL)
        assert (code, said.count("\n")) == (1, 1)
        assert "is in use by the process" in said

        assert len(processes_of(data)) == 12
        began = monotonic()
        assert await platform.interrupt() == 0
        assert monotonic() - began < STOPPED_SECONDS
        assert processes_of(data) == []


async def test_a_busy_port_gets_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = await fails(tmp_path / "data", module=LOCAL, port=taken.getsockname()[1] - 11)
    assert (code, said.count("\n")) == (1, 1)
    assert "PORT=" in said


async def test_what_dies_is_started_again_and_nothing_outlives_a_sigkill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data, module=LOCAL) as platform:
        place = data.stat()
        broker = find_marked(f"huitou-{place.st_dev:x}-{place.st_ino:x}-kafka-1")
        for pid in [*processes_of(data), broker[0].pid]:
            os.kill(pid, signal.SIGKILL)

        async def registered() -> str | None:
            try:
                return await register(platform, "ann")
            except httpx2.HTTPError:
                return None

        ann = await eventually(registered, seconds=90)
        assert ann is not None
        await is_known(platform, ann)
        await platform.kill()
        await eventually(lambda: not processes_of(data), seconds=10)
    async with running(data, module=LOCAL) as platform:
        assert await register(platform, "ann") == ann
        assert await platform.interrupt() == 0
