from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from factories.shop import Shop, open_shop


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged, unrendered."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A service with nothing but HTTP."""
    async with open_shop() as opened:
        yield opened
