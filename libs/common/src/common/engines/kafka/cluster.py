"""What of a Kafka cluster stays the same from one start to the next: its brokers, its identity, its ports."""

import base64
import secrets
import socket
import uuid
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

from common.engines.errors import EngineError
from common.engines.folder import DataFolder, write_durably
from common.engines.kafka.jars import read_kafka_version

LOOPBACK = "127.0.0.1"
SIZES = (1, 3)
_FILE = "cluster.json"
# Below the ports that systems give to outgoing connections: a client that retries a dead broker's port from that range
# can by chance connect to itself, and the broker then finds its own port taken.
_PORTS = range(20_000, 32_000)
_LAST_PORT = 65_535
_TRIES = 100


class Listener(StrEnum):
    """A door of every broker. All but the first open on request only."""

    PLAIN = "PLAIN"
    """Neither encrypted nor asking who one is; the brokers themselves talk over it."""
    TLS = "TLS"
    MUTUAL_TLS = "MUTUAL_TLS"
    """Asks for a certificate of the client."""
    SASL = "SASL"
    """TLS, and a user with a password by SCRAM-SHA-512."""


CONTROLLER = "CONTROLLER"
_DOORS: tuple[str, ...] = (Listener.PLAIN, CONTROLLER, Listener.TLS, Listener.MUTUAL_TLS, Listener.SASL)


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    kafka: str
    """The version that last ran on these files."""
    cluster_id: str
    brokers: int
    first_port: int
    """The brokers' plain ports are this and the next, then come the controllers', then those of the other listeners."""

    @property
    def nodes(self) -> range:
        return range(1, self.brokers + 1)

    def port(self, node: int, door: str) -> int:
        return self.first_port + _DOORS.index(door) * self.brokers + node - 1

    def address(self, node: int, door: str) -> str:
        return f"{LOOPBACK}:{self.port(node, door)}"

    def addresses(self, door: str) -> str:
        """For a client's `bootstrap_servers`."""
        return ",".join(self.address(node, door) for node in self.nodes)


def locate_kafka(folder: Path) -> Path:
    return folder / "kafka"


def read_cluster(folder: Path) -> Cluster | None:
    """None where no cluster has been made yet."""
    place = locate_kafka(folder) / _FILE
    if not place.exists():
        return None
    try:
        return msgspec.json.decode(place.read_bytes(), type=Cluster)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise EngineError(f"{place} is damaged: restore the data folder from a backup, or choose another one") from None


def keep_cluster(folder: DataFolder, cluster: Cluster) -> None:
    locate_kafka(folder.path).mkdir(mode=0o700, exist_ok=True)
    write_durably(locate_kafka(folder.path) / _FILE, msgspec.json.format(msgspec.json.encode(cluster)).decode())


def plan_cluster(folder: DataFolder, *, brokers: int | None, first_port: int | None) -> Cluster:
    """The folder's own cluster if it has one, else a new one; ports that are not given are found free and then kept.

    Raises EngineError when the folder's cluster is not what was asked for, or another version's.
    """
    installed, found = read_kafka_version(), read_cluster(folder.path)
    if found is not None:
        _check_fits(folder.path, found, brokers=brokers, installed=installed)
    size = found.brokers if found is not None else brokers or 1
    if size not in SIZES:
        raise EngineError(f"a cluster has {' or '.join(map(str, SIZES))} brokers, not {size}")
    port = first_port or (found.first_port if found is not None else _find_free(len(_DOORS) * size))
    if port + len(_DOORS) * size - 1 > _LAST_PORT:
        raise EngineError(f"{size} brokers need {len(_DOORS) * size} ports, and after {port} there are not so many")
    cluster_id = found.cluster_id if found is not None else make_kafka_id()
    return Cluster(kafka=installed, cluster_id=cluster_id, brokers=size, first_port=port)


def _check_fits(folder: Path, found: Cluster, *, brokers: int | None, installed: str) -> None:
    if brokers not in {None, found.brokers}:
        raise EngineError(
            f"{folder} holds a Kafka cluster of {found.brokers} broker(s), asked for are {brokers}: choose another data folder"
        )
    ours, theirs = _numbers(installed), _numbers(found.kafka)
    if theirs > ours or theirs[0] != ours[0]:
        raise EngineError(
            f"{folder} holds data of Kafka {found.kafka}, this is Kafka {installed}: use that one, or choose another data folder"
        )


def _numbers(version: str) -> list[int]:
    try:
        return [int(part) for part in version.split(".")]
    except ValueError:
        raise EngineError(f"{version!r} is no version of Kafka") from None


def make_kafka_id() -> str:
    """As Kafka writes its UUIDs."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def check_free(ports: Iterable[int]) -> None:
    """Raises EngineError for a port that something listens on."""
    for port in ports:
        if not _is_free(port):
            raise EngineError(
                f"Kafka's port {port} is in use on {LOOPBACK}: stop what has it, or choose another first port"
            )


def _find_free(count: int) -> int:
    for _ in range(_TRIES):
        first = secrets.choice(_PORTS[:-count])
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise EngineError(f"no {count} free ports in a row between {_PORTS.start} and {_PORTS.stop}: choose a first port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
