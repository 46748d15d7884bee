"""The distributed platform on one machine: engines, and for each service its API, its worker and its relay, each a process."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.engines.folder import DataFolder, open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Tell
from common.runtime import Runtime, Surroundings
from embedded.distributed.children import Child, wait_ready
from embedded.distributed.places import PARTS, Place, environment, find_places
from embedded.engines import Engines, start_engines
from embedded.operating import operator_token
from embedded.preparing import load_signer, migrate_all, service_settings
from embedded.services import SERVICES
from embedded.switching import follow_kafka


@dataclass(frozen=True, kw_only=True)
class Distributed:
    places: list[Place]
    children: Mapping[str, Child]
    """By the names of their places."""
    folder: DataFolder
    logs: Path
    kafka_servers: str
    token: str
    """An operator's."""


@asynccontextmanager
async def running_processes(data: Path, *, port: int, kafka_port: int | None, tell: Tell) -> AsyncIterator[Distributed]:
    """Start everything, in order; stop it in the reverse order. Raises EngineError, PortBusy or MigrationError."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(open_folder(data))
        places = find_places(port)
        kafka = KafkaEngine(folder, first_port=kafka_port)
        engines = await start_engines(stack, folder, kafka=kafka, tell=tell)
        await migrate_all(engines)
        settings = service_settings(folder, engines)
        token = await _prepare(engines, settings, tell=tell)
        logs = folder.path / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        children = {
            place.name: Child(
                place, environment=environment(place, places, settings, url=engines.urls[place.service]), logs=logs
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
        )


async def _prepare(engines: Engines, settings: Mapping[str, Any], *, tell: Tell) -> str:
    """What must be true before a process starts: everybody reads over Kafka. An operator's token for a try."""
    async with AsyncExitStack() as stack:
        runtimes: dict[str, Runtime] = {}
        for name, service in SERVICES.items():
            runtimes[name] = Runtime(
                service, service.settings(**settings, database_url=engines.urls[name]), Surroundings()
            )
            await stack.enter_async_context(runtimes[name].running())
        await follow_kafka(runtimes, tell=tell)
        return await operator_token(runtimes["members"], load_signer(settings), actor="make up-local")


async def _ready(children: Iterable[Child]) -> None:
    try:
        await wait_ready(children)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _stop(children: Iterable[Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children))
