"""`kafka`: the broker of this run."""

import pytest

from common.engines.kafka.jars import BrokerUnavailable
from common.testing import brokers


@pytest.fixture(scope="session")
def kafka() -> str:
    """Its addresses. Without one the test is skipped, or fails where `KAFKA=required`."""
    try:
        return brokers.shared()
    except BrokerUnavailable as reason:
        pytest.skip(str(reason))
