"""`make kafka-up` and `make kafka-down`, as a person sees them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.engines.errors import EngineError
from common.engines.folder import open_folder
from common.engines.kafka.cluster import plan_cluster
from common.engines.kafka.jars import Programs
from common.engines.processes import find_marked, wait_until
from integration.common.engines.kafka.clients import has_topic, make_topic

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def kafka(command: str, data: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "common.engines.kafka", command, f"--data={data}", *options]
    return subprocess.run(whole, env=os.environ | environment, capture_output=True, text=True, check=False)


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal."""
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    kafka("down", tmp_path / "data")


@pytest.fixture
def port(tmp_path: Path) -> int:
    """The first of some that are free."""
    with open_folder(tmp_path / "elsewhere") as folder:
        return plan_cluster(folder, brokers=None, first_port=None).first_port


async def test_up_twice_and_down_twice(programs: Programs, data: Path, port: int) -> None:
    address = f"127.0.0.1:{port}"
    up = kafka("up", data, f"--port={port}")
    assert (up.returncode, up.stderr) == (0, "")
    assert " is ready (" in up.stdout
    assert f"KAFKA_BOOTSTRAP_SERVERS={address} make test" in up.stdout
    await make_topic(address)

    again = kafka("up", data)
    assert again.returncode == 0
    assert " is already up\n" in again.stdout
    assert await has_topic(address)

    refusal = complaint(kafka("up", data, "--brokers=3"))
    assert f"already serves 1 broker(s) at {address}, not what was asked for: make kafka-down first" in refusal
    with pytest.raises(EngineError, match="is in use by the process "):
        open_folder(data)

    for said in (f"Kafka in {data} is stopped\n", f"no Kafka runs in {data}\n"):
        down = kafka("down", data)
        assert (down.returncode, down.stdout, down.stderr) == (0, said, "")
    open_folder(data).close()

    assert kafka("up", data).returncode == 0
    assert await has_topic(address)


@pytest.mark.slow
async def test_a_cluster_of_which_one_died_says_so(programs: Programs, data: Path, port: int) -> None:
    assert kafka("up", data, "--brokers=3", f"--port={port}").returncode == 0
    (first,) = find_marked(_mark(data, 1))
    os.kill(first.pid, signal.SIGKILL)
    assert await wait_until(lambda: not find_marked(_mark(data, 1)), seconds=10)
    assert "of the brokers in" in complaint(kafka("up", data))
    assert kafka("down", data).returncode == 0
    assert not [process for node in (1, 2, 3) for process in find_marked(_mark(data, node))]
    assert kafka("up", data).returncode == 0


def _mark(data: Path, node: int) -> str:
    place = data.stat()
    return f"huitou-{place.st_dev:x}-{place.st_ino:x}-kafka-{node}"


def test_down_where_nothing_was_makes_nothing(tmp_path: Path) -> None:
    assert kafka("down", tmp_path / "none").returncode == 0
    assert not (tmp_path / "none").exists()


def test_a_folder_that_serves_something_else_is_left_alone(tmp_path: Path) -> None:
    with open_folder(tmp_path / "data"):
        for command in ("up", "down"):
            assert f"is in use by the process {os.getpid()}: " in complaint(kafka(command, tmp_path / "data"))


def test_a_busy_port_is_one_line_and_the_choice_stays_open(programs: Programs, data: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port + 1)):
        refusal = complaint(kafka("up", data, "--brokers=3", f"--port={port}"))
    assert f"Kafka's port {port + 1} is in use on 127.0.0.1" in refusal
    assert not (data / "kafka").exists()


def test_without_java_it_is_one_line(tmp_path: Path) -> None:
    refusal = complaint(kafka("up", tmp_path / "data", PATH=str(tmp_path), JAVA_HOME=""))
    assert refusal == "huitou: no Java 17 or newer"
