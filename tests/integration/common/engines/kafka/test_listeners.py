"""Listeners on request: encrypted, with a certificate of the client, with a user and a password."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from common.engines.errors import EngineError
from common.engines.kafka.broker import SECRET, USER
from common.engines.kafka.certificates import ensure_certificates
from common.engines.kafka.cluster import Listener
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import Programs
from common.testing.brokers import own_kafka
from integration.common.engines.kafka.clients import has_topic, make_topic

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
async def kafka(programs: Programs) -> AsyncIterator[KafkaEngine]:
    """With every listener but for the first start."""
    async with own_kafka() as plain:
        await make_topic(plain.bootstrap_servers)
        with pytest.raises(EngineError, match="no listener SASL"):
            plain.addresses(Listener.SASL)
        await plain.stop()
        async with KafkaEngine(plain.folder, listeners=list(Listener)) as engine:
            yield engine


def encrypted(kafka: KafkaEngine, *, named: bool = False) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=kafka.certificates.authority)
    if named:
        context.load_cert_chain(kafka.certificates.client, kafka.certificates.client_key)
    return {"security_protocol": "SSL", "ssl_context": context}


def signed_in(kafka: KafkaEngine, password: str) -> dict[str, Any]:
    who = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": USER, "sasl_plain_password": password}
    return {**encrypted(kafka), "security_protocol": "SASL_SSL", **who}


async def test_whoever_knows_what_a_listener_asks_for_comes_in_and_nobody_else(
    kafka: KafkaEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also after a first start without listeners: the user was made when the storage was."""
    tls, mutual, sasl = (kafka.addresses(one) for one in (Listener.TLS, Listener.MUTUAL_TLS, Listener.SASL))
    password = kafka.folder.secret(SECRET)

    assert await has_topic(tls, **encrypted(kafka))
    assert await has_topic(mutual, **encrypted(kafka, named=True))
    assert await has_topic(sasl, **signed_in(kafka, password))

    stranger = ensure_certificates(tmp_path_factory.mktemp("stranger"))
    trusting_another = ssl.create_default_context(cafile=stranger.authority)
    for address, options in (
        (tls, {"security_protocol": "SSL", "ssl_context": trusting_another}),
        (tls, {}),
        (mutual, encrypted(kafka)),
        (sasl, signed_in(kafka, "guess")),
        (sasl, encrypted(kafka)),
    ):
        with pytest.raises(KafkaError):
            await has_topic(address, **options)
