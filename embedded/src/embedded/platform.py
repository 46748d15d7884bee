"""The whole platform in one process, on engines of its own in one data folder."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from common.auth.keys import FixedKeys
from common.bus.kafka.relay import Relay
from common.bus.wakeups import Wakeups
from common.clock import Clock, SystemClock
from common.engines.folder import DataFolder, open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Tell
from common.http.app import service_app
from common.http.front import front
from common.runtime import Runtime, Surroundings, Worker, build_relay
from common.serving import bind, serving
from embedded.engines import start_engines
from embedded.preparing import load_signer, migrate_all, service_settings
from embedded.services import SERVICES
from embedded.switching import follow_kafka, follow_postgres
from members.adapters.tokens import TokenSigner

Bus = Literal["postgres", "kafka"]
BUSES = ["postgres", "kafka"]


@dataclass(frozen=True, kw_only=True)
class Configuration:
    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    bus: Bus = "postgres"
    kafka_port: int | None = None
    """The first of the broker's. None: as before, at first any free ones."""
    clock: Clock = field(default_factory=SystemClock)
    keep_log: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of every service that differ from their defaults."""
    tell: Tell = lambda _: None
    """Is told, a line at a time, what takes long, and what was changed in the folder."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    url: str
    folder: DataFolder
    runtimes: Mapping[str, Runtime]
    workers: Mapping[str, Worker]
    relays: Mapping[str, Relay]
    """Of each service, over Kafka."""
    kafka_servers: str | None
    signer: TokenSigner


@asynccontextmanager
async def running_platform(configuration: Configuration) -> AsyncIterator[Platform]:
    """Start everything, in order; stop it in the reverse order. Raises EngineError, PortBusy or MigrationError."""
    bound = bind(configuration.host, configuration.port)
    host, port = bound.getsockname()[:2]
    async with AsyncExitStack() as stack:
        stack.callback(bound.close)
        folder = stack.enter_context(open_folder(configuration.data))
        kafka = KafkaEngine(folder, first_port=configuration.kafka_port) if configuration.bus == "kafka" else None
        engines = await start_engines(stack, folder, kafka=kafka, tell=configuration.tell)
        await migrate_all(engines)
        settings = service_settings(folder, engines, keep_log=configuration.keep_log) | dict(configuration.settings)
        signer = load_signer(settings)
        surroundings = Surroundings(
            clock=configuration.clock,
            wakeups=Wakeups(),
            keys=FixedKeys({signer.key_id: signer.public_key}),
            keep_log=configuration.keep_log,
        )
        runtimes = {
            name: Runtime(service, service.settings(**settings, database_url=engines.urls[name]), surroundings)
            for name, service in SERVICES.items()
        }
        for runtime in runtimes.values():
            await stack.enter_async_context(runtime.running())
        relays: dict[str, Relay] = {}
        if kafka is None:
            await follow_postgres(runtimes, folder, tell=configuration.tell)
        else:
            await follow_kafka(runtimes, tell=configuration.tell)
            relays = {name: build_relay(runtime) for name, runtime in runtimes.items()}
            stack.push_async_callback(_stop, relays)
            for relay in relays.values():
                relay.start()
        workers = {name: Worker(runtime) for name, runtime in runtimes.items()}
        stack.push_async_callback(_stop, workers)
        for worker in workers.values():
            worker.start()
        app = front({name: service_app(runtime) for name, runtime in runtimes.items()})
        await stack.enter_async_context(serving(app, bound))
        yield Platform(
            url=f"http://{f'[{host}]' if ':' in host else host}:{port}",
            folder=folder,
            runtimes=runtimes,
            workers=workers,
            relays=relays,
            kafka_servers=engines.kafka_servers,
            signer=signer,
        )


async def _stop(parts: Mapping[str, Relay] | Mapping[str, Worker]) -> None:
    await asyncio.gather(*(part.stop() for part in parts.values()))
