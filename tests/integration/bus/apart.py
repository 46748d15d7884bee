"""A producer in a database of its own, that can be copied, set back and failed over while its consumers are not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from common.bus.cursors import Cursor
from common.bus.forks import describe_log, return_to_survivor
from common.bus.position import Position
from common.bus.records import Handlers
from common.ids import new_id
from common.runtime import Runtime, Service, Surroundings
from common.settings import ServiceSettings
from common.testing.databases import Engines
from integration.bus.effects import recording
from integration.bus.harness import GROUP, TRANSPORTS, Log, Running


class Apart:
    """`group` and `producer` are logs in two databases; the group reads the service `source` of the second."""

    def __init__(self, engines: Engines, *, template: str, source: str) -> None:
        self._engines = engines
        self._template = template
        self._source = source
        self._name = f"test_{new_id().hex}"
        self._made: list[str] = []
        self.group = self._log("group")
        self.producer = self._log("producer")

    def _log(self, name: str) -> Log:
        return Log(engines=self._engines, database=f"{self._name}_{name}", transport=TRANSPORTS["postgres"])

    async def create(self) -> None:
        for name in ("group", "producer"):
            await self._execute(f"CREATE DATABASE {self._name}_{name} TEMPLATE {self._template}")
            self._made.append(name)

    async def drop(self) -> None:
        await self.group.close()
        await self.producer.close()
        for name in self._made:
            await self._execute(f"DROP DATABASE IF EXISTS {self._name}_{name} WITH (FORCE)")

    async def copy(self, name: str) -> None:
        """A backup of the producer, or a standby that is as far as this."""
        await self._shut("producer")
        await self._execute(f"CREATE DATABASE {self._name}_{name} TEMPLATE {self._name}_producer")
        await self._open("producer")
        self._made.append(name)

    async def switch(self, name: str, *, aside: str = "aside") -> None:
        """Let the copy be the producer from now on."""
        await self._shut("producer")
        await self._execute(f"ALTER DATABASE {self._name}_producer RENAME TO {self._name}_{aside}")
        await self._execute(f"ALTER DATABASE {self._name}_{name} RENAME TO {self._name}_producer")
        self._made.append(aside)
        await self._open("producer")
        await self._open(aside)

    async def _shut(self, name: str) -> None:
        await self._execute(
            f"ALTER DATABASE {self._name}_{name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{self._name}_{name}'",
        )

    async def _open(self, name: str) -> None:
        await self._execute(f"ALTER DATABASE {self._name}_{name} ALLOW_CONNECTIONS true")

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._engines.postgres_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def consuming(self, handlers: Handlers) -> AsyncIterator[Running]:
        sources = {self._source: self.producer.url(self._source)}
        async with self.group.consuming(handlers, sources=sources, woken=False) as running:
            yield running

    async def accept_fork(self) -> tuple[Position, Cursor]:
        async with self._operating() as runtime:
            return await return_to_survivor(runtime, self._source)

    async def describe_log(self) -> str:
        async with self._operating() as runtime:
            return "\n".join(await describe_log(runtime))

    @asynccontextmanager
    async def _operating(self) -> AsyncIterator[Runtime]:
        """As the operator's commands do."""
        settings = ServiceSettings(
            database_url=SecretStr(self.group.url(GROUP)),
            log_urls={self._source: SecretStr(self.producer.url(self._source))},
        )
        service = Service(name=GROUP, title="", folder=Path(), settings=ServiceSettings, handlers=recording())
        runtime = Runtime(service, settings, Surroundings())
        await runtime.db.open()
        try:
            yield runtime
        finally:
            await runtime.db.close()
