"""The distributed platform on one machine: engines, and for each service its API, its worker and its relay, each a process."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from common.engines.folder import DataFolder, open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Tell
from common.runtime import Runtime, Surroundings
from common.shared_clock import SharedClock, following, provision_clock
from embedded.distributed.children import Child, wait_ready
from embedded.distributed.places import PARTS, Place, environment, find_places
from embedded.engines import Engines, start_engines
from embedded.operating import operator_token
from embedded.preparing import load_signer, migrate_all, service_settings
from embedded.services import SERVICES
from embedded.switching import follow_kafka

CLOCK = "clock"
"""The role of who goes by the virtual clock."""


@dataclass(frozen=True, kw_only=True)
class Distributed:
    places: list[Place]
    children: Mapping[str, Child]
    """By the names of their places."""
    folder: DataFolder
    logs: Path
    kafka_servers: str
    token: str | None
    """An operator's, for a try. None on a virtual clock: its members are those of who drives it."""
    engines: Engines
    clock: SharedClock | None

    @property
    def apis(self) -> dict[str, str]:
        """Service → where its API is."""
        return {place.service: place.url for place in self.places if place.part == "api"}


@asynccontextmanager
async def running_processes(
    data: Path,
    *,
    port: int,
    kafka_port: int | None,
    tell: Tell,
    settings: Mapping[str, Any] | None = None,
    virtual_from: datetime | None = None,
) -> AsyncIterator[Distributed]:
    """Start everything, in order; stop it in the reverse order. Raises EngineError, PortBusy or MigrationError.

    `settings`: of every service, where they differ from their defaults. `virtual_from`: go by a virtual clock that stands at
    this moment or where it stood, and keep the whole log.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(open_folder(data))
        places = find_places(port)
        kafka = KafkaEngine(folder, first_port=kafka_port)
        engines = await start_engines(stack, folder, kafka=kafka, tell=tell)
        await migrate_all(engines)
        its_settings = service_settings(folder, engines, keep_log=virtual_from is not None) | dict(settings or {})
        clock = None
        if virtual_from is not None:
            clock_url = await _provide_clock(folder, engines, start=virtual_from)
            clock = await stack.enter_async_context(following(clock_url, application="driver"))
            its_settings["clock"] = clock_url
        token = await _prepare(engines, its_settings, clock, tell=tell)
        logs = folder.path / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        children = {
            place.name: Child(
                place, environment=environment(place, places, its_settings, url=engines.urls[place.service]), logs=logs
            )
            for place in places
        }
        for part in reversed(PARTS):  # requests end first, then what follows from them is done and sent
            stack.push_async_callback(_stop, [child for child in children.values() if child.place.part == part])
        tell(f"the engines are up; starting {len(children)} processes")
        for child in children.values():
            child.start()
        await _ready(children.values())
        yield Distributed(
            places=places,
            children=children,
            folder=folder,
            logs=logs,
            kafka_servers=kafka.bootstrap_servers,
            token=token,
            engines=engines,
            clock=clock,
        )


async def _provide_clock(folder: DataFolder, engines: Engines, *, start: datetime) -> str:
    """Where the virtual clock is, that stands at `start` or later."""
    password = folder.secret(f"role-{CLOCK}")
    connection = await asyncpg.connect(engines.superuser_url)
    try:
        await provision_clock(connection, role=CLOCK, password=password, start=start)
    finally:
        await connection.close()
    return engines.url(role=CLOCK, password=password)


async def _prepare(
    engines: Engines, settings: Mapping[str, Any], clock: SharedClock | None, *, tell: Tell
) -> str | None:
    """What must be true before a process starts: everybody reads over Kafka. An operator's token for a try."""
    surroundings = Surroundings() if clock is None else Surroundings(clock=clock, keep_log=True)
    async with AsyncExitStack() as stack:
        runtimes: dict[str, Runtime] = {}
        for name, service in SERVICES.items():
            runtimes[name] = Runtime(
                service, service.settings(**settings, database_url=engines.urls[name]), surroundings
            )
            await stack.enter_async_context(runtimes[name].running())
        await follow_kafka(runtimes, tell=tell)
        if clock is not None:
            return None
        return await operator_token(runtimes["members"], load_signer(settings), actor="make up-local")


async def _ready(children: Iterable[Child]) -> None:
    try:
        await wait_ready(children)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _stop(children: Iterable[Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children))
