import asyncio
import os

import pytest

from common.engines.kafka.jars import BrokerUnavailable, find_programs


@pytest.fixture(scope="session")
def kafka_jars() -> None:
    """What a platform needs to start a broker of its own. Without it the test is skipped, or fails where `KAFKA=required`."""
    try:
        asyncio.run(find_programs())
    except BrokerUnavailable as reason:
        if os.environ.get("KAFKA") == "required":
            raise
        pytest.skip(str(reason))
