from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

import common.logging
from factories.shop import Shop, open_shop


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged, with its correlation id, unrendered."""
    before, capture = structlog.get_config(), LogCapture()
    structlog.configure(processors=[common.logging._add_correlation, capture])
    yield capture.entries
    structlog.configure(**before)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A service with nothing but HTTP."""
    async with open_shop() as opened:
        yield opened
