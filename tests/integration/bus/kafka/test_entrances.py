"""Brokers that ask who one is: events come through every entrance, and whoever is not let in is told why."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from common.bus.kafka.broker import Broker
from common.bus.kafka.consumer import KafkaConsumer
from common.engines.kafka.broker import SECRET, USER
from common.engines.kafka.certificates import ensure_certificates
from common.engines.kafka.cluster import Listener
from common.engines.kafka.engine import KafkaEngine
from integration.bus.effects import earned, recording
from integration.bus.harness import Log
from integration.bus.kafka.lines import Said, told
from integration.bus.kafka.relays import applied, relaying

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def servers(own: KafkaEngine) -> str:
    return own.bootstrap_servers


def entrances(own: KafkaEngine, prefix: str) -> dict[str, Broker]:
    """The right way in at each of the listeners."""
    sasl, tls, mutual = (own.addresses(one) for one in (Listener.SASL, Listener.TLS, Listener.MUTUAL_TLS))
    files = own.certificates
    encrypted = Broker(servers=tls, prefix=prefix, security="tls", ca_file=files.authority)
    password = SecretStr(own.folder.secret(SECRET))
    return {
        "TLS": encrypted,
        "mutual TLS": replace(encrypted, servers=mutual, certificate_file=files.client, key_file=files.client_key),
        "SASL": replace(encrypted, servers=sasl, security="sasl", username=USER, password=password),
    }


@pytest.mark.parametrize("entrance", ["TLS", "mutual TLS", "SASL"])
async def test_events_come_through_every_entrance(log: Log, own: KafkaEngine, entrance: str) -> None:
    broker = entrances(own, log.prefix)[entrance]
    await log.produce(earned(1))
    consumer = KafkaConsumer(db=await log.db(), broker=broker, handlers=recording(), metrics=log.metrics)
    async with relaying(log, broker=broker):
        consumer.start()
        await applied(log, 1)
        await consumer.stop()


@pytest.mark.parametrize("fault", ["password", "authority", "no certificate", "not encrypted"])
async def test_whoever_is_not_let_in_is_told_why(
    log: Log, own: KafkaEngine, said: Said, fault: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    right = entrances(own, log.prefix)
    wrong, reason = {
        "password": (replace(right["SASL"], password=SecretStr("guess")), "see KAFKA_USERNAME and KAFKA_PASSWORD"),
        "authority": (
            replace(right["TLS"], ca_file=ensure_certificates(tmp_path_factory.mktemp("stranger")).authority),
            "certificate verify failed",
        ),
        "no certificate": (replace(right["TLS"], servers=right["mutual TLS"].servers), "KAFKA_"),
        "not encrypted": (replace(right["TLS"], security="none"), "is KAFKA_SECURITY what it asks for"),
    }[fault]
    await log.produce(earned(1))
    consumer = KafkaConsumer(db=await log.db(), broker=wrong, handlers=recording(), metrics=log.metrics)
    async with relaying(log, broker=wrong) as watched:
        consumer.start()
        await log.alarmed("broker")
        await watched.alarmed("broker")
        await told(said, f"Kafka at {wrong.servers} ({wrong.security})", reason)
        await consumer.stop()
