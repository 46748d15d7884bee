"""`log`: a log over each transport in a database of its own; `cluster`: a whole server of the test's own."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from common import loops
from common.contracts.topics import TOPICS
from common.engines.folder import DataFolder, open_folder
from common.engines.postgres import PostgresEngine
from common.provisioning import provision_roles
from common.testing.databases import PASSWORD, Engines, cloned, create_log_database
from common.testing.folders import make_folder
from integration.bus.cluster import DATABASE, Cluster, new_cluster
from integration.bus.effects import CREATE_EFFECT
from integration.bus.harness import TRANSPORTS, Log

SERVICES = list(TOPICS)


@pytest.fixture(scope="session")
def bus_template(engines: Engines) -> str:
    name = f"bus_template_{os.getpid()}"
    asyncio.run(_create(engines, name))
    return name


async def _create(engines: Engines, name: str) -> None:
    await create_log_database(engines, name=name, services=SERVICES)
    for service in SERVICES:
        connection = await asyncpg.connect(
            engines.url(role=service, database=name), server_settings={"search_path": service}
        )
        try:
            await connection.execute(CREATE_EFFECT)
        finally:
            await connection.close()


@pytest.fixture
async def database(engines: Engines, bus_template: str) -> AsyncIterator[str]:
    async with cloned(engines, template=bus_template) as name:
        yield name


@pytest.fixture(params=sorted(TRANSPORTS))  # a module that is about one says so: `ONLY_POSTGRES`
async def log(request: pytest.FixtureRequest, engines: Engines, database: str) -> AsyncIterator[Log]:
    servers = request.getfixturevalue("kafka") if request.param == "kafka" else ""
    log = Log(engines=engines, database=database, transport=TRANSPORTS[request.param], servers=servers)
    await log.open()
    yield log
    await log.close()


@pytest.fixture(autouse=True)
def quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails on purpose is begun anew soon."""
    monkeypatch.setattr(loops, "FIRST_WAIT_SECONDS", 0.002)
    monkeypatch.setattr(loops, "LONGEST_WAIT_SECONDS", 0.2)


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    place = make_folder()
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster_template(place: Path) -> Iterator[DataFolder]:
    """A stopped server with every service's log in one database."""

    async def make(folder: DataFolder) -> None:
        async with PostgresEngine(folder, durable=False) as engine:
            connection = await asyncpg.connect(engine.dsn())
            await provision_roles(connection, passwords=dict.fromkeys(SERVICES, PASSWORD))
            await connection.close()
            await _create(Engines(engine.dsn(), ""), DATABASE)

    with open_folder(place / "template") as folder:
        asyncio.run(make(folder))
        yield folder


@pytest.fixture
async def cluster(place: Path, cluster_template: DataFolder) -> AsyncIterator[Cluster]:
    """A server of the test's own, running: its horizon, its restarts and its end disturb nobody."""
    async with new_cluster(place, cluster_template) as cluster:
        yield cluster
