"""One broker of Apache Kafka in a container, on a machine with a Docker engine. It is configured as our own brokers are."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import get_docker_host

from common.engines.errors import EngineError
from common.engines.kafka.cluster import CONTROLLER, LOOPBACK, Cluster, Listener
from common.engines.kafka.discovery import wait_listed
from common.engines.kafka.properties import broker_properties

CONFIGURATION = "/mnt/shared/config/server.properties"
"""Where the image takes its configuration from."""
DEFAULT_HOST = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 60
DATA = "/tmp/kafka-logs"  # noqa: S108 - inside of the container
_NODE = 1


@asynccontextmanager
async def kafka_container(cluster: Cluster) -> AsyncIterator[str | None]:
    """The bootstrap servers of a broker on the cluster's plain port of this machine's loopback, removed at the end of the block,
    or by testcontainers when this process is killed. None where no Docker engine answers.

    Raises EngineError when there is an engine and it cannot be done.
    """
    container = await asyncio.to_thread(_describe, cluster)
    if container is None:
        yield None
        return
    address = cluster.address(_NODE, Listener.PLAIN)
    try:
        await asyncio.to_thread(_start, container)
        await wait_listed(address, [_NODE], deadline_seconds=ANSWER_SECONDS)
        yield address
    finally:
        await asyncio.to_thread(container.stop)


def _start(container: DockerContainer) -> None:
    try:
        container.start()
    except DockerException as error:
        raise EngineError(f"the Docker engine does not run {container.image}: {error}") from error


def container_properties(cluster: Cluster) -> str:
    """A container's own loopback is nobody else's: it listens on every address, and tells clients the one of this machine."""
    port = cluster.port(_NODE, Listener.PLAIN)
    controller = cluster.address(_NODE, CONTROLLER)
    settings = {
        "listeners": f"{Listener.PLAIN}://0.0.0.0:{port},{CONTROLLER}://{controller}",
        "advertised.listeners": f"{Listener.PLAIN}://{cluster.address(_NODE, Listener.PLAIN)}",
        "log.dirs": DATA,
    }
    return broker_properties(cluster, _NODE, listeners=(), settings=settings)


def _describe(cluster: Cluster) -> DockerContainer | None:
    if not _listens(get_docker_host() or DEFAULT_HOST):
        return None
    try:
        container = DockerContainer(f"apache/kafka:{cluster.kafka}")
    except DockerException:
        return None
    port = cluster.port(_NODE, Listener.PLAIN)
    container.with_env("CLUSTER_ID", cluster.cluster_id)
    container.with_copy_into_container(container_properties(cluster).encode(), CONFIGURATION)
    container.ports[f"{port}/tcp"] = (LOOPBACK, port)  # type: ignore[assignment]  # Docker takes an address, too
    return container


def _listens(host: str) -> bool:
    """Asked of a unix socket before Docker's own client is, which forgets to close what did not connect."""
    scheme, _, path = host.partition("://")
    if scheme not in {"unix", "http+unix"}:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
