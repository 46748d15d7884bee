"""One Apache Kafka node (KRaft, broker and controller in one) on loopback, as a process of its own."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from subprocess import Popen

from common.engines.errors import EngineError
from common.engines.folder import DataFolder, write_durably
from common.engines.kafka.cluster import CONTROLLER, Cluster, Listener, check_free, locate_kafka
from common.engines.kafka.discovery import wait_listed
from common.engines.kafka.jars import Programs
from common.engines.kafka.properties import DATA, MECHANISM, broker_properties
from common.engines.processes import Ladder, end_marked, read_log_tail
from common.engines.programs import OURS, Tie, launch, run

USER = "huitou"
"""Who may sign in at the SASL listener, with the secret of the name `SECRET`."""
SECRET = "kafka"  # noqa: S105 - the name of the file that holds the password
_DRAFT = "format-"
_KILL: Ladder = ((SIGKILL, 20),)
_ORDERLY: Ladder = ((SIGCONT, 0), (SIGTERM, 20), *_KILL)
# Measured with 12 partitions and records of 458 bytes: ready in 2.2 s where Java's defaults take 3.4 s, 220 MB resident
# under load, and more records a second for a third of the processor time.
JAVA_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}  # Java cannot open 回頭 in the C locale
_COMPLAINT = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (.+)|\b(?:ERROR|FATAL) (.+)")


class KafkaBroker:
    """A node of a `KafkaEngine`, which makes and starts it first. Its storage and its ports stay the same over any end.

    `settings` are for server.properties, win over ours, and may be changed between a stop and the next start.
    """

    def __init__(
        self,
        folder: DataFolder,
        cluster: Cluster,
        node: int,
        *,
        listeners: Collection[Listener],
        settings: Mapping[str, str],
        java_options: Collection[str],
        tie: Tie,
    ) -> None:
        self.node = node
        self.home = locate_kafka(folder.path) / str(node)
        self.log = folder.path / f"kafka-{node}.log"
        self.settings = dict(settings)
        self.address = cluster.address(node, Listener.PLAIN)
        self._folder = folder
        self._cluster = cluster
        self._listeners = listeners
        self._java_options = java_options
        self._tie = tie
        self._mark = folder.mark(f"kafka-{node}")
        self._programs: Programs | None = None
        self._child: Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """While it lives; also while it is suspended."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def make_room(self) -> None:
        """End what an earlier run left of it. Raises EngineError when one of its ports is taken."""
        if self.pid is not None:
            raise EngineError(f"Kafka's broker {self.node} already runs in {self._folder.path}")
        await end_marked(self._mark, ladder=_ORDERLY)
        doors = (Listener.PLAIN, CONTROLLER, *self._listeners)
        check_free(self._cluster.port(self.node, door) for door in doors)

    async def prepare(self, programs: Programs) -> None:
        """Write its settings, and format its storage on first use."""
        self._programs = programs
        self.home.mkdir(mode=0o700, exist_ok=True)
        text = broker_properties(self._cluster, self.node, listeners=self._listeners, settings=self.settings)
        write_durably(self.home / "server.properties", text)
        await self._ensure_storage()

    async def start(self, *, deadline_seconds: float = 90) -> None:
        """Again, after any end; return when it answers and takes part."""
        if self._programs is None:
            raise EngineError("an engine starts its brokers the first time")
        await self.make_room()
        await self.prepare(self._programs)
        self.launch()
        try:
            await self.wait_ready({self.node}, deadline_seconds=deadline_seconds)
        except BaseException:
            await self.kill()
            raise

    def launch(self) -> None:
        """Start the prepared process and return at once."""
        command = [*self._java("-Dlog4j2.level=WARN"), "kafka.Kafka", "server.properties"]
        self._child = launch(
            command,
            identity=OURS,
            folder=self.home,
            log=self.log,
            tie=self._tie,
            environment=_ENVIRONMENT,
            inherit=[self._folder.share_lock()] if self._tie == "detached" else [],
        )

    async def wait_ready(self, nodes: Collection[int], *, deadline_seconds: float) -> None:
        """Until it tells clients of all these nodes. Raises EngineError when it ends, or at the deadline."""
        try:
            listed = await wait_listed(
                self.address, nodes, deadline_seconds=deadline_seconds, going_on=lambda: self.pid is not None
            )
        except EngineError as error:
            raise self._failure(f"was not ready within {deadline_seconds} seconds") from error
        if not listed:
            raise self._failure("did not start")

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that did not end it in time. Harmless when it does not run."""
        await end_marked(self._mark, ladder=_ORDERLY, child=self._child)
        self._child = None

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        await end_marked(self._mark, ladder=_KILL, child=self._child)
        self._child = None

    def suspend(self) -> None:
        """SIGSTOP: it keeps its connections and answers nobody."""
        self._running().send_signal(SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(SIGCONT)

    def _running(self) -> Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            raise EngineError(f"Kafka's broker {self.node} does not run in {self._folder.path}")
        return self._child

    def _java(self, *options: str) -> list[str]:
        assert self._programs is not None, "not prepared"  # noqa: S101 - for the type checker
        marked = f"-Dhuitou={self._mark}"
        stable = ["-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError"]
        java, jars = str(self._programs.java), f"{self._programs.jars}/*"
        return [java, marked, *stable, *self._java_options, *options, "-cp", jars]

    async def _ensure_storage(self) -> None:
        """Formatted under another name and renamed when whole: what was killed in the middle is thrown away."""
        for draft in self.home.glob(f"{_DRAFT}*"):
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
        storage = self.home / DATA
        if not storage.exists():
            await self._format(storage)
        if not (storage / "meta.properties").is_file():
            raise EngineError(f"{storage} is damaged: meta.properties is missing; restore it, or remove {storage}")

    async def _format(self, storage: Path) -> None:
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.home))
        text = broker_properties(self._cluster, self.node, listeners=(), settings=self.settings)
        (draft / "server.properties").write_text(text)
        arguments = draft / "arguments"  # in a file: everybody can read those of a command
        arguments.touch(mode=0o600)
        password = self._folder.secret(SECRET)
        arguments.write_text(f"--add-scram\n{MECHANISM}=[name={USER},password={password}]\n")
        format_ = ["format", f"--cluster-id={self._cluster.cluster_id}", "--config=server.properties", "@arguments"]
        await run([*self._java(), "kafka.tools.StorageTool", *format_], folder=draft, environment=_ENVIRONMENT)
        (draft / DATA).rename(storage)
        shutil.rmtree(draft)

    def _failure(self, what: str) -> EngineError:
        tail = read_log_tail(self.log)
        found = [match.group(1) or match.group(2) for line in tail.splitlines() if (match := _COMPLAINT.search(line))]
        reasons = found or tail.splitlines()
        said = f": {reasons[-1]}" if reasons else ""
        return EngineError(f"Kafka's broker {self.node} {what}{said} (log: {self.log})", log_tail=tail)
