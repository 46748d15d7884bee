"""A broker on a Docker engine, as the engine sees it: there is none here, so that a small one of ours takes the orders down."""

import io
import json
import re
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest
from testcontainers.core.config import testcontainers_config

from common.engines.kafka.cluster import Cluster, make_kafka_id
from common.engines.kafka.jars import find_programs, read_kafka_version
from common.engines.programs import run
from common.testing.containers import CONFIGURATION, DATA, container_properties, kafka_container
from common.testing.folders import make_folder

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

CONTAINER = "c" * 64


class Engine(ThreadingUnixStreamServer):
    """What is asked of it, in order: method, path, body."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.asked: list[tuple[str, str, bytes]] = []

    def body(self, method: str, ending: str) -> bytes:
        return next(body for asked, path, body in self.asked if asked == method and path.endswith(ending))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Engine

    def address_string(self) -> str:
        return "a unix socket"

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        body = self._read()
        path = re.sub(r"^/v[\d.]+|\?.*$", "", self.path)
        self.server.asked.append((self.command, path, body))
        said: Any = {
            "/version": {"ApiVersion": "1.47"},
            "/containers/create": {"Id": CONTAINER},
            f"/containers/{CONTAINER}/json": {"Id": CONTAINER, "Name": "/kafka", "State": {"Status": "running"}},
        }.get(path, {"Id": "sha256:i"} if path.startswith("/images/") else None)
        answer = json.dumps(said).encode() if said is not None else b""
        self.send_response(200 if answer else 204 if self.command != "PUT" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names of http.server


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    place = make_folder() / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    with Engine(place) as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        yield engine
        engine.shutdown()


async def test_the_engine_is_asked_for_a_broker_like_our_own_on_loopback(engine: Engine, kafka: str) -> None:
    """The session's broker stands where the container's would."""
    port = int(kafka.rpartition(":")[2])
    cluster = Cluster(kafka=read_kafka_version(), cluster_id="AAAAAAAAAAAAAAAAAAAAAA", brokers=1, first_port=port)

    async with kafka_container(cluster) as address:
        assert address == f"127.0.0.1:{port}"

    assert engine.asked[-1][:2] == ("DELETE", f"/containers/{CONTAINER}")
    created = json.loads(engine.body("POST", "/containers/create"))
    assert created["Image"] == f"apache/kafka:{read_kafka_version()}"
    assert created["HostConfig"]["PortBindings"] == {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    with tarfile.open(fileobj=io.BytesIO(engine.body("PUT", "/archive"))) as archive:
        file = archive.extractfile(CONFIGURATION)
        assert file is not None
        properties = dict(line.split("=", 1) for line in file.read().decode().splitlines())
    assert properties["advertised.listeners"] == f"PLAIN://127.0.0.1:{port}"
    assert properties["listeners"].startswith(f"PLAIN://0.0.0.0:{port},")
    assert ("POST", f"/containers/{CONTAINER}/start") in [(method, path) for method, path, _ in engine.asked]


async def test_kafka_takes_the_configuration(tmp_path: Path, kafka: str) -> None:
    cluster = Cluster(kafka=read_kafka_version(), cluster_id=make_kafka_id(), brokers=1, first_port=20_000)
    text = container_properties(cluster).replace(DATA, str(tmp_path / "data"))
    (tmp_path / "server.properties").write_text(text)
    programs = await find_programs()

    await run(
        [
            *(programs.java, "-cp", f"{programs.jars}/*", "kafka.tools.StorageTool", "format"),
            *("--cluster-id", cluster.cluster_id, "--config", tmp_path / "server.properties"),
        ]
    )

    assert (tmp_path / "data" / "meta.properties").is_file()


async def test_without_an_engine_there_is_no_container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'nobody'}")
    cluster = Cluster(kafka="4.3.0", cluster_id="AAAAAAAAAAAAAAAAAAAAAA", brokers=1, first_port=1)

    async with kafka_container(cluster) as address:
        assert address is None
