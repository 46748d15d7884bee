"""The engines of one benchmark, thrown away after it. Unlike the tests' they are on a disk and lose nothing."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from common.contracts.topics import TOPICS
from common.engines.folder import open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.postgres import PostgresEngine
from common.engines.valkey import ValkeyEngine
from common.provisioning import provision_roles
from common.testing.databases import PASSWORD, Engines
from common.testing.folders import make_folder

_SERVERS = "BENCHMARK_KAFKA_SERVERS"


@dataclass(frozen=True, slots=True)
class Bench:
    """`postgres_pid`: of the server's first process, whose children are its others."""

    engines: Engines
    postgres_pid: int
    kafka: KafkaEngine | None = None

    @property
    def servers(self) -> str:
        """Kafka's addresses; none without Kafka."""
        return self.kafka.bootstrap_servers if self.kafka else ""

    def publish(self) -> None:
        """Let the benchmark's other processes, begun after this, find the engines."""
        self.engines.publish()
        os.environ[_SERVERS] = self.servers


def find_servers() -> str:
    """What `publish` said, in another process."""
    return os.environ[_SERVERS]


@asynccontextmanager
async def running_engines(settings: Mapping[str, str] | None = None, *, brokers: int = 0) -> AsyncIterator[Bench]:
    """`settings` as in postgresql.conf; `brokers`: of Kafka, none unless asked for."""
    path = make_folder(Path(tempfile.gettempdir()))
    try:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(open_folder(path))
            postgres = await stack.enter_async_context(PostgresEngine(folder, settings=settings))
            valkey = await stack.enter_async_context(ValkeyEngine(folder))
            kafka = await stack.enter_async_context(KafkaEngine(folder, brokers=brokers)) if brokers else None
            connection = await asyncpg.connect(postgres.dsn())
            await provision_roles(connection, passwords=dict.fromkeys(TOPICS, PASSWORD))
            await connection.close()
            yield Bench(Engines(postgres.dsn(), valkey.url()), postgres.pid or 0, kafka)
    finally:
        shutil.rmtree(path, ignore_errors=True)
