import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

from common.engines.errors import EngineError
from common.engines.folder import DataFolder
from common.engines.kafka.broker import JAVA_OPTIONS, KafkaBroker
from common.engines.kafka.certificates import Certificates, ensure_certificates
from common.engines.kafka.cluster import Listener, keep_cluster, locate_kafka, plan_cluster
from common.engines.kafka.jars import Tell, find_programs
from common.engines.programs import Tie


class KafkaEngine:
    """One or three Apache Kafka brokers of ours on loopback, from Kafka's own jars.

    Of how many brokers, and on which ports, is decided on first use and kept in the folder; `first_port` moves them.
    Every other of the `listeners` than the plain one is asked for; `settings` are for each server.properties and win
    over ours. `tie` says how the brokers end with us; start a leashed one from a thread that lives as long as it should.

    Raises BrokerUnavailable without Java 17 or the jars, EngineError for a folder that is another cluster's.
    """

    def __init__(
        self,
        folder: DataFolder,
        *,
        brokers: int | None = None,
        first_port: int | None = None,
        listeners: Collection[Listener] = (),
        settings: Mapping[str, str] | None = None,
        java_options: Collection[str] = JAVA_OPTIONS,
        tie: Tie = "leashed",
    ) -> None:
        self.folder = folder
        self.cluster = plan_cluster(folder, brokers=brokers, first_port=first_port)
        self._listeners = [listener for listener in Listener if listener in listeners and listener != Listener.PLAIN]
        self._tie = tie
        self.brokers = [
            KafkaBroker(
                folder,
                self.cluster,
                node,
                listeners=self._listeners,
                settings=settings or {},
                java_options=java_options,
                tie=tie,
            )
            for node in self.cluster.nodes
        ]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """The plain addresses of all brokers; the same from one start to the next."""
        return self.cluster.addresses(Listener.PLAIN)

    def addresses(self, listener: Listener) -> str:
        """As `bootstrap_servers`, of a listener that was asked for."""
        if listener not in {Listener.PLAIN, *self._listeners}:
            raise EngineError(f"the brokers have no listener {listener}")
        return self.cluster.addresses(listener)

    @property
    def certificates(self) -> Certificates:
        """For clients of the listeners with TLS; made by the start."""
        return Certificates.within(locate_kafka(self.folder.path))

    async def start(self, *, deadline_seconds: float = 90, tell: Tell | None = None) -> None:
        """End what an earlier run left in this folder, format it on first use, and return when every broker knows all."""
        programs = await find_programs(tell=tell)
        await self._each(lambda broker: broker.make_room())
        keep_cluster(self.folder, self.cluster)
        if self._listeners:
            ensure_certificates(locate_kafka(self.folder.path))
        await self._each(lambda broker: broker.prepare(programs))
        try:
            for broker in self.brokers:
                broker.launch()
            if self._tie == "detached" and self.brokers[0].pid is not None:
                self.folder.name_owner(self.brokers[0].pid)
            await self._each(lambda broker: broker.wait_ready(self.cluster.nodes, deadline_seconds=deadline_seconds))
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """All of them in order, at once. Harmless when none runs."""
        await self._each(lambda broker: broker.stop())

    async def kill(self) -> None:
        await self._each(lambda broker: broker.kill())

    async def _each(self, act: Callable[[KafkaBroker], Coroutine[Any, Any, None]]) -> None:
        """The first failure ends the others' waiting."""
        try:
            async with asyncio.TaskGroup() as group:
                for broker in self.brokers:
                    group.create_task(act(broker))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
