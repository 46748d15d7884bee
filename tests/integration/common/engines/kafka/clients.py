"""What tests ask of a broker, each with a client of its own."""

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

TOPIC = "letters"
_TIMEOUT_MS = 5_000


async def make_topic(bootstrap_servers: str, *, copies: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=copies)])
    finally:
        await admin.close()


async def send(bootstrap_servers: str, *values: bytes, **options: Any) -> None:
    """Return when all in-sync replicas have them."""
    options = {"request_timeout_ms": _TIMEOUT_MS, **options}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", **options)
    try:
        await producer.start()
        for value in values:
            await producer.send_and_wait(TOPIC, value, partition=0)
    finally:
        await producer.stop()


async def receive(bootstrap_servers: str, count: int) -> list[bytes]:
    """The first so many of the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="none", enable_auto_commit=False)
    async with consumer:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        return [(await consumer.getone()).value for _ in range(count)]


async def has_topic(bootstrap_servers: str, **options: Any) -> bool:
    """Asked as a client of any listener asks."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=_TIMEOUT_MS, **options)
    try:
        await admin.start()
        return TOPIC in await admin.list_topics()
    finally:
        await admin.close()
