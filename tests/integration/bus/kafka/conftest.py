"""`log`: a log over Kafka whose relays the test starts itself; `own`: a broker that a test may kill and suspend."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from common.bus import instruments
from common.bus.kafka import broker, membership, sender
from common.engines.kafka.cluster import Listener
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import BrokerUnavailable
from common.testing import brokers
from common.testing.databases import Engines
from integration.bus.harness import Log
from integration.bus.kafka.lines import Said
from integration.bus.kafka.relays import ByHand


@pytest.fixture
def servers(kafka: str) -> str:
    """A module whose tests do harm to the broker asks for `own` in its place."""
    return kafka


@pytest.fixture
async def log(engines: Engines, database: str, servers: str) -> AsyncIterator[Log]:
    log = Log(engines=engines, database=database, transport=ByHand(), servers=servers)
    await log.open()
    yield log
    await log.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that does not answer is given up soon."""
    monkeypatch.setattr(broker, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(sender, "ACKNOWLEDGE_SECONDS", 2.0)
    monkeypatch.setattr(membership, "METADATA_SECONDS", 1.0)


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is soon looked whether a person has decided, and soon shown what was read."""
    monkeypatch.setattr(instruments, "HOUSEKEEPING_SECONDS", 0.5)


@pytest.fixture(scope="session")
def own() -> Iterator[KafkaEngine]:
    """A broker of this process's own, for all its tests, since a start takes seconds. Who harms it uses `mended`."""
    place = brokers.own_kafka(listeners=list(Listener))
    with asyncio.Runner() as runner:
        try:
            engine = runner.run(place.__aenter__())
        except BrokerUnavailable as reason:
            pytest.skip(str(reason))
        yield engine
        runner.run(place.__aexit__(None, None, None))


@pytest.fixture
async def mended(log: Log, own: KafkaEngine) -> AsyncIterator[None]:
    """Whatever the test did to its broker, it runs again at the end."""
    yield
    [node] = own.brokers
    if node.pid is None:
        await node.start()
    node.resume()


@pytest.fixture
def said() -> Iterator[Said]:
    with capture_logs() as said:
        yield said
