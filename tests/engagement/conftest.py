import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from common.clock import Clock, SystemClock
from common.testing.databases import Engines, cloned
from common.testing.services import RunningService, create_service_database, running_service
from engagement.app import SERVICE
from factories.engagement import CHANNEL, NEXT_SECRET, SECRET, WEBHOOKS_PER_MINUTE

CONNECTIONS = 12
"""As many as the largest race has callers: whoever asks for a second one hangs it."""


@pytest.fixture(scope="session")
def engagement_template(engines: Engines) -> str:
    name = f"engagement_template_{os.getpid()}"
    asyncio.run(create_service_database(engines, name=name, service=SERVICE))
    return name


@pytest.fixture
def clock() -> Clock:
    """A module whose tests let time pass has one of its own."""
    return SystemClock()


@pytest.fixture
async def engagement(engines: Engines, engagement_template: str, clock: Clock) -> AsyncIterator[RunningService]:
    """The service on a database of its own."""
    async with (
        cloned(engines, template=engagement_template) as database,
        running_service(
            SERVICE,
            engines=engines,
            database=database,
            clock=clock,
            settings={
                "webhook_secrets": {CHANNEL: [SECRET, NEXT_SECRET]},
                "webhooks_per_minute": WEBHOOKS_PER_MINUTE,
                "database_connections": CONNECTIONS,
                "outgoing_hosts": ["*.shop.example", "api.shop.example:8443"],
                "outgoing_loopback": True,
            },
        ) as running,
    ):
        yield running
