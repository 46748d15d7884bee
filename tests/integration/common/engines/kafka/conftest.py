import asyncio
import os

import pytest

from common.engines.kafka.jars import BrokerUnavailable, Programs, find_programs


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Java and Kafka's jars. Without them the test is skipped, or fails where they are required."""
    try:
        return asyncio.run(find_programs())
    except BrokerUnavailable as reason:
        if os.environ.get("KAFKA") == "required":
            raise
        pytest.skip(str(reason))
