"""Throw-away databases on one real PostgreSQL that the whole test run shares."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from common.bus import tables
from common.engines.folder import open_folder
from common.engines.postgres import PostgresEngine
from common.engines.valkey import ValkeyEngine
from common.ids import new_id
from common.provisioning import provision_database, provision_roles

PASSWORD = "only-for-tests"  # noqa: S105 - it is what it says
_VARIABLE = "HUITOU_TEST_ENGINES"


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the run's engines are. `postgres_url` is the superuser's."""

    postgres_url: str
    valkey_url: str

    def publish(self) -> None:
        """Let the run's other processes, begun after this, find them."""
        os.environ[_VARIABLE] = f"{self.postgres_url} {self.valkey_url}"

    @classmethod
    def find(cls) -> Self:
        return cls(*os.environ[_VARIABLE].split(" "))

    def url(self, *, role: str, database: str) -> str:
        return role_url(self.postgres_url, role=role, password=PASSWORD, database=database)


def role_url(url: str, *, role: str, password: str, database: str) -> str:
    """The same server for another role and database."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password)}@{place}", path=f"/{database}"))


class EnginesRun:
    """The engines of one test run, started by its first process and stopped by it at the end."""

    def __init__(self, path: Path) -> None:
        self._folder = open_folder(path)
        self._postgres = PostgresEngine(self._folder, durable=False, max_connections=400)
        self._valkey = ValkeyEngine(self._folder)

    def start(self, *, services: Sequence[str]) -> Engines:
        async def start() -> Engines:
            await asyncio.gather(self._postgres.start(), self._valkey.start())
            connection = await asyncpg.connect(self._postgres.dsn())
            try:
                await provision_roles(connection, passwords=dict.fromkeys(services, PASSWORD))
            finally:
                await connection.close()
            return Engines(self._postgres.dsn(), self._valkey.url())

        return asyncio.run(start())

    def stop(self) -> None:
        async def stop() -> None:
            await self._postgres.stop(mode="kill")
            await self._valkey.stop(kill=True)

        asyncio.run(stop())
        self._folder.close()


async def create_log_database(engines: Engines, *, name: str, services: Sequence[str]) -> None:
    """A database whose services' schemas hold the log's tables and nothing else."""
    await provision_database(engines.postgres_url, database=name, services=list(services))
    for service in services:
        connection = await asyncpg.connect(
            engines.url(role=service, database=name), server_settings={"search_path": service}
        )
        try:
            await connection.execute(tables.CREATE + tables.grant_public(service))
        finally:
            await connection.close()


@asynccontextmanager
async def cloned(engines: Engines, *, template: str) -> AsyncIterator[str]:
    """A copy of a database for one test; gives its name and drops it afterwards."""
    name = f"test_{new_id().hex}"
    connection = await asyncpg.connect(engines.postgres_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield name
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()
