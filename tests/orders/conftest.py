import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from common.clock import VirtualClock
from common.testing.databases import Engines, cloned
from common.testing.services import RunningService, create_service_database, running_service
from factories.orders import Shop
from orders.app import SERVICE

CONNECTIONS = 20
"""As many as the largest race has callers: whoever asks for a second one hangs it."""


@pytest.fixture(scope="session")
def orders_template(engines: Engines) -> str:
    name = f"orders_template_{os.getpid()}"
    asyncio.run(create_service_database(engines, name=name, service=SERVICE))
    return name


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 3, 2, 4, tzinfo=UTC))


@pytest.fixture
async def orders(engines: Engines, orders_template: str, clock: VirtualClock) -> AsyncIterator[RunningService]:
    """The service on a database of its own."""
    async with (
        cloned(engines, template=orders_template) as database,
        running_service(
            SERVICE,
            engines=engines,
            database=database,
            clock=clock,
            settings={"database_connections": CONNECTIONS, "pickups_per_minute": 1000},
        ) as running,
    ):
        yield running


@pytest.fixture
async def shop(orders: RunningService) -> AsyncIterator[Shop]:
    """A shop whose books are checked when the test is over."""
    shop = Shop(orders)
    yield shop
    await shop.check_books()
