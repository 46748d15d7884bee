"""The whole platform in one process, on engines of its own in one data folder."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from common.auth.keys import FixedKeys
from common.bus.wakeups import Wakeups
from common.clock import Clock, SystemClock
from common.engines.folder import DataFolder, open_folder
from common.engines.postgres import PostgresEngine
from common.engines.valkey import ValkeyEngine
from common.http.app import service_app
from common.http.front import front
from common.loops import Loop
from common.migrating import migrate_in_loop
from common.provisioning import provision_database, provision_roles
from common.runtime import Runtime, Service, Surroundings, Worker
from common.serving import bind, serving
from engagement.app import SERVICE as ENGAGEMENT
from lifecycle.app import SERVICE as LIFECYCLE
from members.adapters.tokens import TokenSigner, load_signing_key
from members.app import SERVICE as MEMBERS
from orders.app import SERVICE as ORDERS

log = structlog.get_logger(__name__)

SERVICES: Mapping[str, Service] = {service.name: service for service in (ORDERS, MEMBERS, ENGAGEMENT, LIFECYCLE)}
DATABASE = "huitou"
WATCH_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Configuration:
    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    clock: Clock = field(default_factory=SystemClock)
    keep_log: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of every service that differ from their defaults."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    url: str
    folder: DataFolder
    runtimes: Mapping[str, Runtime]
    workers: Mapping[str, Worker]
    signer: TokenSigner


@asynccontextmanager
async def running_platform(configuration: Configuration) -> AsyncIterator[Platform]:
    """Start everything, in order; stop it in the reverse order. Raises EngineError, PortBusy or MigrationError."""
    bound = bind(configuration.host, configuration.port)
    host, port = bound.getsockname()[:2]
    async with AsyncExitStack() as stack:
        stack.callback(bound.close)
        folder = stack.enter_context(open_folder(configuration.data))
        urls, valkey_url = await _start_engines(stack, folder)
        for name, service in SERVICES.items():  # one after another: alembic keeps its context in a global
            await migrate_in_loop(url=urls[name], schema=name, folder=service.migrations)
        key_file = folder.path / "secrets" / "signing-key.pem"
        settings = {
            "environment": "development",
            "valkey_url": valkey_url,
            "signing_key_file": key_file,
            "personal_data_secret": folder.secret("personal-data"),
            **configuration.settings,
        }
        signer = _signer(key_file)
        surroundings = Surroundings(
            clock=configuration.clock,
            wakeups=Wakeups(),
            keys=FixedKeys({signer.key_id: signer.public_key}),
            keep_log=configuration.keep_log,
        )
        runtimes = {
            name: Runtime(service, service.settings(**settings, database_url=urls[name]), surroundings)
            for name, service in SERVICES.items()
        }
        for runtime in runtimes.values():
            await stack.enter_async_context(runtime.running())
        workers = {name: Worker(runtime) for name, runtime in runtimes.items()}
        stack.push_async_callback(_stop_workers, workers)
        for worker in workers.values():
            worker.start()
        app = front({name: service_app(runtime) for name, runtime in runtimes.items()})
        await stack.enter_async_context(serving(app, bound))
        yield Platform(
            url=f"http://{f'[{host}]' if ':' in host else host}:{port}",
            folder=folder,
            runtimes=runtimes,
            workers=workers,
            signer=signer,
        )


async def _start_engines(stack: AsyncExitStack, folder: DataFolder) -> tuple[dict[str, str], str]:
    """PostgreSQL with its roles and schemas, and Valkey; the services' database URLs, and Valkey's."""
    postgres, valkey = PostgresEngine(folder), ValkeyEngine(folder)
    stack.push_async_callback(postgres.stop)
    stack.push_async_callback(valkey.stop)
    await asyncio.gather(postgres.start(), valkey.start())
    passwords = {name: folder.secret(f"role-{name}") for name in SERVICES}
    connection = await asyncpg.connect(postgres.dsn())
    try:
        await provision_roles(connection, passwords=passwords)
    finally:
        await connection.close()
    await provision_database(postgres.dsn(), database=DATABASE, services=list(SERVICES))
    watch = Loop("engines", lambda stopping: _watch(stopping, postgres, valkey))
    watch.start()
    stack.push_async_callback(watch.stop)
    urls = {name: postgres.dsn(database=DATABASE, user=name, password=password) for name, password in passwords.items()}
    return urls, valkey.url()


async def _watch(stopping: asyncio.Event, postgres: PostgresEngine, valkey: ValkeyEngine) -> None:
    """Start an engine again that has ended although nobody asked."""
    while not stopping.is_set():
        for name, engine in (("PostgreSQL", postgres), ("Valkey", valkey)):
            if engine.pid is None:
                log.error("engine ended, starting it again", engine=name)
                await engine.start()
        try:
            await asyncio.wait_for(stopping.wait(), WATCH_SECONDS)
        except TimeoutError:
            continue


def _signer(key_file: Path) -> TokenSigner:
    defaults = MEMBERS.settings.model_fields
    return TokenSigner(
        load_signing_key(key_file), issuer=defaults["token_issuer"].default, audience=defaults["token_audience"].default
    )


async def _stop_workers(workers: Mapping[str, Worker]) -> None:
    await asyncio.gather(*(worker.stop() for worker in workers.values()))
