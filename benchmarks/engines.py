"""PostgreSQL and Valkey for one benchmark, thrown away after it. Unlike the tests' they are on a disk and lose nothing."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from common.contracts.topics import TOPICS
from common.engines.folder import open_folder
from common.engines.postgres import PostgresEngine
from common.engines.valkey import ValkeyEngine
from common.provisioning import provision_roles
from common.testing.databases import PASSWORD, Engines
from common.testing.folders import make_folder


@dataclass(frozen=True, slots=True)
class Bench:
    """`postgres_pid`: of the server's first process, whose children are its others."""

    engines: Engines
    postgres_pid: int


@asynccontextmanager
async def running_engines(settings: Mapping[str, str] | None = None) -> AsyncIterator[Bench]:
    """`settings` as in postgresql.conf."""
    path = make_folder(Path(tempfile.gettempdir()))
    try:
        with open_folder(path) as folder:
            async with PostgresEngine(folder, settings=settings) as postgres, ValkeyEngine(folder) as valkey:
                connection = await asyncpg.connect(postgres.dsn())
                await provision_roles(connection, passwords=dict.fromkeys(TOPICS, PASSWORD))
                await connection.close()
                yield Bench(Engines(postgres.dsn(), valkey.url()), postgres.pid or 0)
    finally:
        shutil.rmtree(path, ignore_errors=True)
