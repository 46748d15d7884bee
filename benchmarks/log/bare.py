"""What one would have without a log: the baselines of its rates. They move the same bytes and do nothing else."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.log.ledger import PRODUCER, Ledger, earned
from benchmarks.log.pace import Pace, Timing
from common.bus.kafka.broker import Broker
from common.bus.kafka.rules import TopicRules
from common.bus.kafka.sender import BATCH_BYTES
from common.bus.kafka.topics import prepare_topic
from common.bus.lanes import LANES
from common.contracts.envelope import encode
from common.contracts.topics import topic_name
from common.ids import new_id

READ_AT_ONCE = 500
SENT_AT_ONCE = 200
"""Of each partition; a relay's chunk holds about as many."""

_INSERT = "INSERT INTO bare (appended_at, topic, key, type, event_id, envelope) VALUES ($1, $2, $3, $4, $5, $6)"
_COPY = "INSERT INTO bare (appended_at, topic, key, type, event_id, envelope) SELECT appended_at, topic, key, type, event_id, envelope FROM outbox ORDER BY generation, id LIMIT $1"
_READ = (
    f"SELECT id, appended_at, key, type, event_id, envelope FROM bare WHERE id > $1 ORDER BY id LIMIT {READ_AT_ONCE}"
)

Places: TypeAlias = Mapping[TopicPartition, int]
"""Partition → offset."""
Records: TypeAlias = Sequence[Any]
"""As aiokafka gives them."""


async def insert(ledger: Ledger, number: int) -> None:
    """A row of the very columns that an append writes, encoded as they are there."""
    event, event_id, now = earned(number), new_id(), ledger.producer.clock.now()
    name = event.type_name()
    envelope = encode(event, event_id=event_id, service=PRODUCER, type_name=name, time=now)
    await ledger.producer.pool.execute(_INSERT, now, topic_name(PRODUCER), event.subject, name, event_id, envelope)


async def read_rows(ledger: Ledger, *, count: int) -> Pace:
    """So many rows of the log, copied into a table that is none, in order, as many at once as a consumer reads."""
    await ledger.producer.pool.execute("TRUNCATE bare")
    await ledger.producer.pool.execute(_COPY, count)
    timing, last, read = Timing(), 0, 0
    while rows := await ledger.producer.fetch(_READ, last):
        last, read = rows[-1]["id"], read + len(rows)
    return timing.pace(read)


async def make_topic(broker: Broker, topic: str) -> None:
    """As a relay makes it."""
    await prepare_topic(broker, topic, TopicRules(keep=timedelta(days=14)), partitions=LANES, log=uuid4())


@asynccontextmanager
async def _reading(broker: Broker, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of every partition, with aiokafka's own settings."""
    consumer = AIOKafkaConsumer(**broker.options("bare"), enable_auto_commit=False, auto_offset_reset="none")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(LANES)])
        yield consumer
    finally:
        await consumer.stop()


async def ends(broker: Broker, topic: str) -> Places:
    """Where each partition ends now."""
    async with _reading(broker, topic) as consumer:
        found: Places = await consumer.end_offsets(list(consumer.assignment()))
        return found


async def read_records(broker: Broker, topic: str, *, begins: Places) -> tuple[Records, Pace]:
    """From there to where the partitions end now. The clock starts when the first records have come."""
    until = await ends(broker, topic)
    total = sum(until.values()) - sum(begins.values())
    records: list[Any] = []
    async with _reading(broker, topic) as consumer:
        for place, offset in begins.items():
            consumer.seek(place, offset)
        timing, first = None, 0
        while len(records) < total:
            for some in (await consumer.getmany(timeout_ms=1000)).values():
                records += some
            if timing is None and records:
                timing, first = Timing(), len(records)
    if timing is None:
        raise RuntimeError(f"there is nothing in {topic}")
    return records, timing.pace(len(records) - first)


async def send_records(broker: Broker, topic: str, records: Records) -> Pace:
    """The same keys, values and headers, acknowledged as the relay's are, every partition for itself. Into a new topic."""
    await make_topic(broker, topic)
    by_partition: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        by_partition[record.partition].append({"key": record.key, "value": record.value, "headers": [*record.headers]})
    producer = AIOKafkaProducer(
        **broker.options("bare"), acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    try:
        await producer.partitions_for(topic)
        timing = Timing()
        await asyncio.gather(
            *(_send(producer, topic, partition, its_own) for partition, its_own in by_partition.items())
        )
        return timing.pace(len(records))
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Mapping[str, Any]]) -> None:
    for begin in range(0, len(records), SENT_AT_ONCE):
        batch = producer.create_batch()
        for record in records[begin : begin + SENT_AT_ONCE]:
            batch.append(timestamp=None, **record)
        await (await producer.send_batch(batch, topic, partition=partition))
