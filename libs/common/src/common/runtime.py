"""A service, declared once by its `app.py`; and what a running one holds. Everything is built here, at start, never at import."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from common.auth.keys import FixedKeys, PublicKeys, RemoteKeys
from common.auth.tokens import TokenVerifier
from common.bus.consumer import Consumer, Progress
from common.bus.kafka.consumer import KafkaConsumer
from common.bus.kafka.relay import Relay
from common.bus.metrics import LogMetrics, RelayMetrics
from common.bus.outbox import Span
from common.bus.records import Handlers
from common.bus.wakeups import Wakeups
from common.clock import Clock, SystemClock
from common.db import Database
from common.http.limits import Limiter
from common.http.middleware import HttpMetrics
from common.jobs import Job, Jobs, log_jobs
from common.settings import ServiceSettings
from common.timers import TimerHandler, Timers, next_due


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a service is made of. `resources` builds what only this service has, such as a signing key."""

    name: str
    title: str
    folder: Path
    """Where its `migrations/` are."""
    settings: type[ServiceSettings]
    routers: Sequence[APIRouter] = ()
    handlers: Handlers = field(default_factory=Handlers)
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    progress: Callable[["Runtime"], Progress] | None = None
    """Told by the consumer how complete its view of each producer is."""
    next_due: Callable[[Database], Awaitable[datetime | None]] = next_due
    """When the first of its timers is due: a virtual clock stops there."""
    needs_history: bool = False
    """A new installation of it refuses to start over a log whose beginning was pruned."""
    resources: Callable[["Runtime"], AbstractAsyncContextManager[Any]] | None = None

    @property
    def migrations(self) -> Path:
        return self.folder / "migrations"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a process shares among the services that run in it."""

    clock: Clock = field(default_factory=SystemClock)
    wakeups: Wakeups | None = None
    keys: PublicKeys | None = None
    keep_log: bool = False
    """Keep the whole log, as a demo does."""
    accept_missing_history: bool = False


class Runtime:
    """One running service: its settings, its database, its instruments."""

    def __init__(self, service: Service, settings: ServiceSettings, surroundings: Surroundings) -> None:
        self.service = service
        self.settings = settings
        self.surroundings = surroundings
        self.clock = surroundings.clock
        self.registry = CollectorRegistry()
        self.http_metrics = HttpMetrics(self.registry)
        self.log_metrics = LogMetrics(self.registry)
        self.db = Database(
            url=settings.database_url.get_secret_value(),
            service=service.name,
            clock=self.clock,
            maximum_connections=settings.database_connections,
            on_append=self._appended,
            log_span=Span.MONTH if surroundings.keep_log else Span.DAY,
        )
        self.limiter = Limiter(
            service=service.name,
            url=settings.valkey_url.get_secret_value() if settings.valkey_url else None,
            registry=self.registry,
        )
        self.verifier = self.verifier_of(self._keys())

    @property
    def resources(self) -> Any:
        """What only this service holds while it runs."""
        return self.db.resources

    def _keys(self) -> PublicKeys:
        if self.surroundings.keys is not None:
            return self.surroundings.keys
        return RemoteKeys(self.settings.jwks_url) if self.settings.jwks_url else FixedKeys({})

    def verifier_of(self, keys: PublicKeys) -> TokenVerifier:
        return TokenVerifier(keys=keys, issuer=self.settings.token_issuer, audience=self.settings.token_audience)

    def _appended(self, count: int) -> None:
        self.log_metrics.appended.inc(count)
        if self.surroundings.wakeups is not None:
            self.surroundings.wakeups.wake(self.service.name)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open what it holds; close it in the reverse order."""
        async with AsyncExitStack() as stack:
            await self.db.open()
            stack.push_async_callback(self.db.close)
            stack.push_async_callback(self.limiter.close)
            await self.db.prepare_log()
            await stack.enter_async_context(self.with_resources())
            yield

    @asynccontextmanager
    async def with_resources(self) -> AsyncIterator[None]:
        """Build what only this service has, on its open database."""
        if self.service.resources is None:
            yield
        else:
            async with self.service.resources(self) as self.db.resources:
                yield


def build_consumer(runtime: Runtime) -> Consumer | KafkaConsumer:
    """What reads the other services' logs, over the bus that the settings name."""
    service, settings, surroundings = runtime.service, runtime.settings, runtime.surroundings
    on_progress = service.progress(runtime) if service.progress else None
    accept_missing_history = surroundings.accept_missing_history or not service.needs_history
    if settings.bus == "kafka":
        return KafkaConsumer(
            db=runtime.db,
            broker=settings.required_broker,
            handlers=service.handlers,
            metrics=runtime.log_metrics,
            on_progress=on_progress,
            accept_missing_history=accept_missing_history,
        )
    return Consumer(
        db=runtime.db,
        sources={producer: settings.log_url(producer) for producer in service.handlers.producers},
        handlers=service.handlers,
        metrics=runtime.log_metrics,
        wakeups=surroundings.wakeups,
        on_progress=on_progress,
        accept_missing_history=accept_missing_history,
    )


def build_relay(runtime: Runtime) -> Relay:
    """What carries this service's own log to Kafka."""
    settings = runtime.settings
    return Relay(
        db=runtime.db,
        url=settings.database_url.get_secret_value(),
        broker=settings.required_broker,
        rules=settings.topic_rules,
        metrics=RelayMetrics(runtime.registry),
        wakeups=runtime.surroundings.wakeups,
    )


class Worker:
    """A service's background half: its consumer, its timers, its jobs."""

    def __init__(self, runtime: Runtime) -> None:
        service, settings, surroundings = runtime.service, runtime.settings, runtime.surroundings
        self.runtime = runtime
        self.consumer = build_consumer(runtime)
        self.timers = Timers(db=runtime.db, handlers=service.timers)
        log_days = None if surroundings.keep_log else settings.log_days
        self.jobs = Jobs(db=runtime.db, jobs=[*log_jobs(log_days=log_days), *service.jobs])

    def start(self) -> None:
        self.consumer.start()
        self.timers.start()
        self.jobs.start()

    def wake(self) -> None:
        """Look now: a virtual clock has moved."""
        self.timers.wake()
        self.consumer.wake()

    async def stop(self) -> None:
        for part in (self.consumer, self.timers, self.jobs):
            await part.stop()
