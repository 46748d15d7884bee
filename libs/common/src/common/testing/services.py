"""A service as tests see it: its HTTP without a socket, its events, and events of others on their way to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import time
from typing import Any, TypeVar
from uuid import UUID

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from common.auth.keys import ALGORITHM, FixedKeys
from common.auth.principal import Role
from common.auth.tokens import TYPE
from common.bus.carrying import BatchSize, Carrier
from common.bus.feed import Feed
from common.bus.tail import Tail
from common.clock import Clock, SystemClock
from common.contracts.envelope import decode
from common.contracts.event import Event
from common.contracts.topics import TOPICS
from common.db import Database
from common.http.app import service_app
from common.http.front import front
from common.ids import new_id
from common.migrating import migrate_in_loop
from common.provisioning import provision_database
from common.runtime import Runtime, Service, Surroundings, Worker
from common.testing.databases import Engines, create_log_database

E = TypeVar("E", bound=Event)
KEY_ID = "test"


class Signer:
    """Signs in anybody as anything."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.keys = FixedKeys({KEY_ID: self._key.public_key()})

    def token(self, *roles: Role, member_id: UUID | None = None, **claims: object) -> str:
        """`claims` win over what a right token has, for tokens that are wrong."""
        now = int(time())
        right = {
            "iss": "huitou",
            "aud": "huitou",
            "sub": str(member_id or new_id()),
            "roles": sorted({Role.MEMBER, *roles}),
            "iat": now,
            "exp": now + 600,
        }
        return jwt.encode({**right, **claims}, self._key, algorithm=ALGORITHM, headers={"kid": KEY_ID, "typ": TYPE})

    def headers(self, *roles: Role, member_id: UUID | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(*roles, member_id=member_id)}"}


@dataclass
class RunningService:
    runtime: Runtime
    app: FastAPI
    client: httpx2.AsyncClient
    """Paths as a front end writes them: `/orders/v1/…`."""
    signer: Signer
    engines: Engines
    database: str
    producers: dict[str, Database]

    @property
    def db(self) -> Database:
        return self.runtime.db

    def headers(self, *roles: Role, member_id: UUID | None = None, key: str | None = None) -> dict[str, str]:
        """Signed in; `key`: an Idempotency-Key, `"new"` for a fresh one."""
        headers = self.signer.headers(*roles, member_id=member_id)
        return headers | ({"Idempotency-Key": str(new_id()) if key == "new" else key} if key else {})

    async def events(self, kind: type[E]) -> list[E]:
        """The events of this kind that the service has told, in log order."""
        rows = await self.db.fetch(
            "SELECT envelope FROM outbox WHERE type = $1 ORDER BY generation, id", kind.type_name()
        )
        return [event for row in rows if isinstance(event := decode(row["envelope"])[1], kind)]

    async def receive(self, *events: Event) -> None:
        """Append events to their producers' logs, then let the service handle everything that it has not."""
        for event in events:
            producer = await self._producer(event.producer())
            async with producer.transaction() as uow:
                uow.append(event)
        await self.drain()

    async def drain(self) -> None:
        """Handle every event of the producers' logs."""
        for producer in self.runtime.service.handlers.producers:
            tail = Tail(
                url=self.runtime.settings.log_url(producer),
                producer=producer,
                group=self.runtime.service.name,
                clock=self.runtime.clock,
            )
            metrics = self.runtime.log_metrics
            carrier = Carrier(db=self.db, handlers=self.runtime.service.handlers, metrics=metrics)
            size = BatchSize(carrier.at_once)
            feed = Feed(db=self.db, tail=tail, carrier=carrier, metrics=metrics, size=size)
            try:
                await feed.begin(accept_missing_history=True)
                while await feed.advance() or tail.marks.pending:
                    pass
            finally:
                await tail.close()

    async def fire_timers(self) -> int:
        """Fire every timer that is due; how many."""
        timers = Worker(self.runtime).timers
        fired = 0
        while await timers.fire_next():
            fired += 1
        return fired

    async def _producer(self, name: str) -> Database:
        if name not in self.producers:
            url = self.engines.url(role=name, database=self.database)
            self.producers[name] = Database(url=url, service=name, clock=self.runtime.clock, maximum_connections=2)
            await self.producers[name].open()
        return self.producers[name]


@asynccontextmanager
async def running_service(
    service: Service,
    *,
    engines: Engines,
    database: str,
    clock: Clock | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[RunningService]:
    """Open a service on a database whose schemas are there. Its worker does not run: see `receive` and `fire_timers`."""
    signer = Signer()
    loaded = service.settings(
        **{
            "environment": "development",
            "database_url": engines.url(role=service.name, database=database),
            "requests_per_minute": 1_000_000,
            **(settings or {}),
        }
    )
    runtime = Runtime(service, loaded, Surroundings(clock=clock or SystemClock(), keys=signer.keys))
    producers: dict[str, Database] = {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(runtime.running())
        app = service_app(runtime)
        transport = httpx2.ASGITransport(front({service.name: app}), raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx2.AsyncClient(transport=transport, base_url="http://test"))
        yield RunningService(runtime, app, client, signer, engines, database, producers)
        for producer in producers.values():
            await producer.close()


async def create_service_database(engines: Engines, *, name: str, service: Service) -> None:
    """A template: the service's schema migrated, and the log's tables in the other services' schemas."""
    others = [other for other in TOPICS if other != service.name]
    await create_log_database(engines, name=name, services=others)
    await provision_database(engines.postgres_url, database=name, services=[service.name])
    await migrate_in_loop(
        url=engines.url(role=service.name, database=name), schema=service.name, folder=service.migrations
    )
