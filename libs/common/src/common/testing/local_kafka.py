"""One Apache Kafka node (KRaft, broker and controller in one) on loopback, as a child of this process."""

import asyncio
import base64
import os
import secrets
import signal
import socket
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen

from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError

from common.engines.errors import EngineError
from common.engines.processes import read_log_tail, wait_until
from common.engines.programs import OURS, launch, run
from common.testing.kafka_jars import find_jars, find_java

READY_SECONDS = 90
STOP_SECONDS = 15
# Below the ports that systems give to outgoing connections: a client that retries a dead broker's port from that range
# can by chance connect to itself, and the broker then finds its own port taken.
PORTS = range(20_000, 32_000)
# Linux sends SIGKILL to the node when the thread that started it ends, so that a killed test run leaves no broker.
_LEASH = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
# The session's timeout is how long a broker that was killed must wait before it may register again.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


async def answers(bootstrap_servers: str) -> bool:
    """Whether a Kafka client gets the metadata of at least one broker there."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=3_000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, TimeoutError):
        return False
    finally:
        await client.close()


class LocalKafka:
    """A node whose storage, settings and output live in `folder`; it can be started again there after any end.

    `bootstrap_servers` stays the same from one start to the next. Start it from a thread that lives as long as it
    should. Raises BrokerUnavailable without Java 17 or the jars, EngineError when the node does not come up.
    """

    def __init__(self, folder: Path, *, java_options: Sequence[str] = ("-Xmx512m",)) -> None:
        self._folder = folder.resolve()
        self._java_options = java_options
        self._properties = self._folder / "server.properties"
        self._log = self._folder / "kafka.log"
        self._process: Popen[bytes] | None = None
        self.bootstrap_servers = ""

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    async def start(self) -> None:
        assert self._process is None or self._process.poll() is not None, "already started"
        java = [str(await find_java()), *self._java_options, "-cp", f"{await find_jars()}/*", "-Dlog4j2.level=WARN"]
        await self._prepare(java)
        leash = [sys.executable, "-c", _LEASH] if sys.platform == "linux" else []
        command = [*leash, *java, "kafka.Kafka", str(self._properties)]
        self._process = launch(command, identity=OURS, folder=self._folder, log=self._log)
        try:
            await self._until_ready(self._process)
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that did not end it in time. Harmless when it is not running."""
        self.signal(signal.SIGTERM)
        if self._process is not None and not await _ended(self._process):
            await self.kill()
        self._process = None

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        if self._process is not None and not await _ended(self._process):
            raise EngineError(f"Kafka, process {self._process.pid}, does not end")
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """To the node's whole session. SIGSTOP and SIGCONT are for tests of a broker that hangs."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    async def _prepare(self, java: Sequence[str]) -> None:
        """Write the settings and format the storage, each unless an earlier start did."""
        data = self._folder / "data"
        if not self._properties.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            port, controller_port = _free_ports(2)
            text = _PROPERTIES.format(port=port, controller_port=controller_port, data=data)
            self._properties.write_text(text)
        listeners = next(line for line in self._properties.read_text().splitlines() if line.startswith("listeners="))
        self.bootstrap_servers = listeners.partition("PLAINTEXT://")[2].partition(",")[0]
        if not (data / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            await run([*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", self._properties])

    async def _until_ready(self, process: Popen[bytes]) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not (await _listens(self.bootstrap_servers) and await answers(self.bootstrap_servers)):
                    if process.poll() is not None:
                        raise EngineError(f"Kafka ended with {process.returncode}", log_tail=read_log_tail(self._log))
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise EngineError(
                f"Kafka was not ready within {READY_SECONDS} s", log_tail=read_log_tail(self._log)
            ) from error


async def _listens(address: str) -> bool:
    """Asked before the client is, which logs every refused connection as an error."""
    host, _, port = address.partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


async def _ended(process: Popen[bytes]) -> bool:
    return await wait_until(lambda: process.poll() is not None, seconds=STOP_SECONDS)


def _free_ports(count: int) -> list[int]:
    """Distinct loopback ports that nothing listens on now."""
    found: set[int] = set()
    while len(found) < count:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.add(port)
    return sorted(found)
