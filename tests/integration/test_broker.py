"""A real broker carries what the log needs: bytes unchanged, headers, order per key, in batches that we cut."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import murmur2

from common.contracts.envelope import decode, encode
from common.contracts.orders import OrderPaid
from common.engines.errors import EngineError
from common.engines.kafka.jars import BrokerUnavailable
from common.testing import brokers

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]  # the first run fetches the broker

PARTITIONS = 12
MEMBERS = [uuid5(UUID(int=0), f"member {number}") for number in range(40)]
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@pytest.fixture
async def topic(kafka: str) -> AsyncIterator[str]:
    name = f"test.{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=PARTITIONS, replication_factor=1)])
        yield name
        await admin.delete_topics([name])
    finally:
        await admin.close()


def record(number: int) -> Sent:
    """The nth event of an outbox: payments of forty members in turn."""
    member, paid_at = MEMBERS[number % len(MEMBERS)], START + timedelta(milliseconds=number)
    order_id = uuid5(member, f"order {number}")
    event = OrderPaid(
        order_id=order_id,
        member_id=member,
        payment_id=uuid5(order_id, "payment"),
        amount_minor=1_000 + number,
        currency="CNY",
        paid_at=paid_at,
    )
    event_id = uuid5(order_id, "paid")
    value = encode(event, event_id=event_id, service="orders", type_name=event.type_name(), time=paid_at)
    headers = {"generation": "1764000000", "id": str(number), "appended_at": paid_at.isoformat()}
    return Sent(event.subject.encode(), value, tuple((name, text.encode()) for name, text in headers.items()))


async def send(kafka: str, topic: str, partitions: dict[int, list[Sent]]) -> None:
    """At most one batch of a partition is on its way, as the relay does it."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for partition, records in partitions.items():
            waiting = list(records)
            while waiting:
                batch = producer.create_batch()
                taken = 0
                for sent in waiting:
                    if batch.append(timestamp=None, key=sent.key, value=sent.value, headers=list(sent.headers)) is None:
                        break
                    taken += 1
                assert taken > 0, "one record does not fit into a batch"
                await (await producer.send_batch(batch, topic, partition=partition))
                waiting = waiting[taken:]
    finally:
        await producer.stop()


async def receive(kafka: str, topic: str, count: int) -> dict[int, list[Sent]]:
    received: dict[int, list[Sent]] = {partition: [] for partition in range(PARTITIONS)}
    assigned = [TopicPartition(topic, partition) for partition in received]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="none", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(assigned)
        for partition in assigned:
            consumer.seek(partition, 0)
        while sum(map(len, received.values())) < count:
            for partition, records in (await consumer.getmany(timeout_ms=1_000)).items():
                received[partition.partition] += [
                    Sent(record.key, record.value, tuple(record.headers)) for record in records
                ]
    finally:
        await consumer.stop()
    return received


async def test_envelopes_come_back_byte_equal_in_order_with_headers(kafka: str, topic: str) -> None:
    events = [record(number) for number in range(2_000)]
    partitions: dict[int, list[Sent]] = {partition: [] for partition in range(PARTITIONS)}
    for event in events:
        partitions[(murmur2(event.key) & 0x7FFFFFFF) % PARTITIONS].append(event)
    assert all(partitions.values()), "the keys spread over every partition"

    await send(kafka, topic, partitions)
    received = await receive(kafka, topic, len(events))

    assert received == partitions
    for event in events[:10]:
        envelope, typed = decode(event.value)
        assert isinstance(typed, OrderPaid)
        assert envelope.subject.encode() == event.key


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither a broker given nor a program to start one with."""
    for name in ("KAFKA", "KAFKA_BOOTSTRAP_SERVERS", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


async def test_without_java_there_is_no_broker_and_one_reason(bare_machine: Path) -> None:
    with pytest.raises(
        BrokerUnavailable, match=r"KAFKA_BOOTSTRAP_SERVERS is not set; no Docker engine answers; no Java 17 or newer$"
    ):
        async with brokers.open_broker(bare_machine):
            pass


async def test_a_required_broker_that_cannot_be_had_is_a_failure(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA", "required")
    with pytest.raises(EngineError, match="KAFKA=required") as raised:
        async with brokers.open_broker(bare_machine):
            pass
    assert not isinstance(raised.value, BrokerUnavailable), "that would skip the test"


async def test_a_given_broker_that_does_not_answer_is_a_failure(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    with pytest.raises(EngineError, match=r"KAFKA_BOOTSTRAP_SERVERS=127\.0\.0\.1:1$") as raised:
        async with brokers.open_broker(bare_machine):
            pass
    assert not isinstance(raised.value, BrokerUnavailable), "that would skip the test"
