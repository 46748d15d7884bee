"""Brokers that outlive the command that started them. They hold their data folder themselves, until the last has ended."""

from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM

from common.engines.errors import EngineError
from common.engines.folder import FolderInUse, make_mark, open_folder
from common.engines.kafka.cluster import Cluster, Listener, read_cluster
from common.engines.kafka.discovery import wait_listed
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Tell
from common.engines.processes import Ladder, end_marked, find_marked

FIRST_PORT = 9092
"""Of a new cluster, unless another is given."""
_ANY = "kafka-"  # begins the mark of every broker
_READY_SECONDS = 90
_LADDER: Ladder = ((SIGCONT, 0), (SIGTERM, 20), (SIGKILL, 20))


@dataclass(frozen=True)
class Running:
    cluster: Cluster
    started: bool
    """False when they ran before."""


async def bring_up(path: Path, *, brokers: int | None, first_port: int | None, tell: Tell) -> Running:
    """Return when all answer. Raises EngineError, also when other brokers run there than were asked for."""
    try:
        folder = open_folder(path)
    except FolderInUse as refusal:
        cluster = _find_running(path, refusal)
        _check_asked(path, cluster, brokers=brokers, first_port=first_port)
        for node in cluster.nodes:
            await wait_listed(cluster.address(node, Listener.PLAIN), cluster.nodes, deadline_seconds=_READY_SECONDS)
        return Running(cluster, started=False)
    with folder:
        first_port = first_port or (None if read_cluster(path) else FIRST_PORT)
        engine = KafkaEngine(folder, brokers=brokers, first_port=first_port, tie="detached")
        await engine.start(tell=tell, deadline_seconds=_READY_SECONDS)
    return Running(engine.cluster, started=True)


async def take_down(path: Path) -> bool:
    """End them in order; False when none ran. Raises EngineError when the folder serves something else."""
    if not (path / "lock").exists():
        return False
    try:
        open_folder(path).close()
    except FolderInUse as refusal:
        _find_running(path, refusal)
        await end_marked(make_mark(path, _ANY), ladder=_LADDER)
        return True
    return False


def _find_running(path: Path, refusal: FolderInUse) -> Cluster:
    """The cluster whose brokers hold the folder, if it is they and not a process that started them for itself."""
    found = {process.pid for process in find_marked(make_mark(path, _ANY))}
    cluster = read_cluster(path)
    if not found or cluster is None or (refusal.owner not in found and _lives(refusal.owner)):
        raise refusal
    return cluster


def _lives(pid: int | None) -> bool:
    """A dead one that nobody has waited for is still listed, with an empty command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def _check_asked(path: Path, cluster: Cluster, *, brokers: int | None, first_port: int | None) -> None:
    if brokers not in {None, cluster.brokers} or first_port not in {None, cluster.first_port}:
        raise EngineError(
            f"{path} already serves {cluster.brokers} broker(s) at {cluster.addresses(Listener.PLAIN)}, not what was asked for: "
            "make kafka-down first"
        )
    gone = [str(node) for node in cluster.nodes if not find_marked(make_mark(path, f"{_ANY}{node}"))]
    if gone:
        raise EngineError(f"of the brokers in {path}, {', '.join(gone)} died: make kafka-down, then make kafka-up")
