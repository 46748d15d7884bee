"""A server of a test's own, with the log on it; it can be killed, restarted, copied and restored."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import asyncpg

from common.clock import Clock
from common.connection import Connection
from common.engines.copies import copy_cluster
from common.engines.folder import DataFolder, open_folder
from common.engines.postgres import PostgresEngine, StopMode
from common.engines.processes import find_marked
from common.testing.databases import Engines
from common.testing.folders import make_folder
from integration.bus.harness import TRANSPORTS, Log

DATABASE = "log"


class Cluster:
    def __init__(self, engine: PostgresEngine, place: Path) -> None:
        self.engine = engine
        self.place = place
        """A folder for whatever else the test makes."""
        self._logs: list[Log] = []

    def log(self, *, clock: Clock | None = None, database: str = DATABASE) -> Log:
        """Over this server. It is closed with the cluster."""
        engines = Engines(self.engine.dsn(), "")
        log = Log(engines=engines, database=database, transport=TRANSPORTS["postgres"], clock=clock)
        self._logs.append(log)
        return log

    async def connect(self, *, database: str = DATABASE) -> Connection:
        """As the superuser. The caller closes it."""
        return await asyncpg.connect(self.engine.dsn(database=database))

    async def execute(self, *statements: str, database: str = DATABASE) -> None:
        connection = await self.connect(database=database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def restart(self, *, mode: StopMode = "fast") -> None:
        await self.engine.stop(mode=mode)
        await self.engine.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All processes of the server stand still."""
        marked = find_marked(self.engine.folder.mark("postgres"))
        for process in marked:
            with suppress(ProcessLookupError):  # a backend may end by itself
                os.kill(process.pid, SIGSTOP)
        try:
            yield
        finally:
            for process in marked:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, SIGCONT)

    async def close(self) -> None:
        for log in self._logs:
            await log.close()
        await self.engine.stop(mode="immediate")


@asynccontextmanager
async def new_cluster(
    place: Path, source: DataFolder, *, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Cluster]:
    """From a copy of a stopped server's files."""
    here = make_folder(place)
    with open_folder(here / "data") as folder:
        await copy_cluster(source, folder)
        cluster = Cluster(PostgresEngine(folder, durable=False, settings=settings), here)
        await cluster.engine.start()
        try:
            yield cluster
        finally:
            await cluster.close()
