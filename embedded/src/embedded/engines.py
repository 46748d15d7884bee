"""The engines of a platform, in its data folder: started at once, watched while they run, stopped in order."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import asyncpg
import structlog

from common.engines.errors import EngineError
from common.engines.folder import DataFolder
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import BrokerUnavailable, Tell
from common.engines.postgres import PostgresEngine
from common.engines.valkey import ValkeyEngine
from common.loops import Loop
from common.provisioning import provision_database, provision_roles
from embedded.services import SERVICES

log = structlog.get_logger(__name__)

DATABASE = "huitou"
WATCH_SECONDS = 1.0
_CONNECTIONS = 200
"""More than the services take when each of their processes has its own pool."""


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Where they are. `urls`: each service's own database; `superuser_url`: all of it."""

    urls: Mapping[str, str]
    superuser_url: str
    valkey_url: str
    kafka_servers: str | None

    def url(self, *, role: str, password: str) -> str:
        """For another role."""
        place = self.superuser_url.partition("@")[2]
        return f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{place}"


class _Engine(Protocol):
    @property
    def pid(self) -> int | None:
        """While it lives."""
        ...

    async def start(self) -> None: ...


async def start_engines(stack: AsyncExitStack, folder: DataFolder, *, kafka: KafkaEngine | None, tell: Tell) -> Engines:
    """PostgreSQL with its roles and schemas, Valkey, and Kafka if there is to be one. Raises EngineError."""
    postgres, valkey = PostgresEngine(folder, max_connections=_CONNECTIONS), ValkeyEngine(folder)
    starts = [postgres.start(), valkey.start()]
    stack.push_async_callback(postgres.stop)
    stack.push_async_callback(valkey.stop)
    if kafka is not None:
        starts.append(_start_kafka(kafka, tell))
        stack.push_async_callback(kafka.stop)
    await _all_of(starts)
    passwords = {name: folder.secret(f"role-{name}") for name in SERVICES}
    connection = await asyncpg.connect(postgres.dsn())
    try:
        await provision_roles(connection, passwords=passwords)
    finally:
        await connection.close()
    await provision_database(postgres.dsn(), database=DATABASE, services=list(SERVICES))
    watched: list[tuple[str, _Engine]] = [("PostgreSQL", postgres), ("Valkey", valkey)]
    watched += [("Kafka", broker) for broker in (kafka.brokers if kafka else [])]
    watch = Loop("engines", lambda stopping: _watch(stopping, watched))
    watch.start()
    stack.push_async_callback(watch.stop)
    return Engines(
        urls={
            name: postgres.dsn(database=DATABASE, user=name, password=password) for name, password in passwords.items()
        },
        superuser_url=postgres.dsn(database=DATABASE),
        valkey_url=valkey.url(),
        kafka_servers=kafka.bootstrap_servers if kafka else None,
    )


async def _start_kafka(kafka: KafkaEngine, tell: Tell) -> None:
    try:
        await kafka.start(tell=tell)
    except BrokerUnavailable as error:
        raise EngineError(
            f"BUS=kafka starts a broker of Kafka's own jars, by Java 17 or newer and Maven: {error}"
        ) from error


async def _all_of(starts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Each to its end, also when another fails: what is half started could not be stopped."""
    for outcome in await asyncio.gather(*starts, return_exceptions=True):
        if outcome is not None:
            raise outcome


async def _watch(stopping: asyncio.Event, watched: Sequence[tuple[str, _Engine]]) -> None:
    """Start an engine again that has ended although nobody asked."""
    while not stopping.is_set():
        for name, engine in watched:
            if engine.pid is None:
                log.error("engine ended, starting it again", engine=name)
                await engine.start()
        try:
            await asyncio.wait_for(stopping.wait(), WATCH_SECONDS)
        except TimeoutError:
            continue
