"""A service's topic: made where it is missing, refused where events could be lost in it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from common.bus.kafka.broker import REQUEST_SECONDS, Broker
from common.bus.kafka.membership import close_client
from common.bus.kafka.rules import TopicRules
from common.bus.kafka.wire import Chained, ForeignRecord, Heartbeat, read_record
from common.errors import Unavailable

READY_SECONDS = 30.0


class TopicRefused(Unavailable):
    """The topic is not as it has to be; the detail says what is, and what to do."""


class TopicMissing(TopicRefused):
    """Its service's relay has not made it yet."""


async def prepare_topic(broker: Broker, topic: str, rules: TopicRules, *, partitions: int, log: UUID) -> None:
    """Make the topic, or make sure that it is ours and safe. Raises TopicRefused or BrokerAway."""
    async with administering(broker) as admin:
        if await _create(admin, topic, rules, partitions):
            await _await_leaders(admin, topic, partitions)
            return
        found = await count_partitions(admin, [topic])
        if found[topic] != partitions:
            raise TopicRefused(
                f"{topic} has {found[topic]} partitions, its relay writes {partitions}: events of one key would be in two places;"
                " see the runbook for changing their number"
            )
        faults = rules.faults(await _configuration(admin, topic))
        if faults:
            raise TopicRefused(f"{topic} would lose events; set {'; '.join(faults)}")
    await _require_owner(broker, topic, partitions=partitions, log=log)


async def add_partitions(broker: Broker, topic: str, partitions: int) -> None:
    """Raise their number. Raises TopicRefused or BrokerAway."""
    async with administering(broker) as admin:
        await admin.create_partitions({topic: NewPartitions(partitions)})
        await _await_leaders(admin, topic, partitions)


@asynccontextmanager
async def administering(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**broker.options("admin"))
    try:
        async with asyncio.timeout(3 * REQUEST_SECONDS):
            await admin.start()
        yield admin
    except (KafkaError, OSError, TimeoutError) as error:
        raise await broker.away(error) from error
    finally:
        await admin.close()


async def count_partitions(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, int]:
    """How many partitions each topic has. Raises TopicMissing."""
    counted: dict[str, int] = {}
    for found in await admin.describe_topics(list(topics)):
        error = for_code(found["error_code"])
        if error is UnknownTopicOrPartitionError:
            raise TopicMissing(f"there is no topic {found['topic']} at the broker: start the relay of its service")
        if found["error_code"]:
            raise TopicRefused(f"{found['topic']}: {error.__name__}: {error.description}")
        counted[found["topic"]] = len(found["partitions"])
    return counted


async def _create(admin: AIOKafkaAdminClient, topic: str, rules: TopicRules, partitions: int) -> bool:
    try:
        await count_partitions(admin, [topic])
    except TopicMissing:
        pass
    else:
        return False
    wanted = NewTopic(topic, partitions, rules.replication, topic_configs=rules.configuration)
    answer = await admin.create_topics([wanted])
    for _, code, *message in answer.topic_errors:
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            return False
        if code:
            said = next(filter(None, message), error.description)
            raise TopicRefused(f"the broker does not make {topic}: {error.__name__}: {said}")
    return True


async def _await_leaders(admin: AIOKafkaAdminClient, topic: str, partitions: int) -> None:
    """A topic that was just made is not yet known everywhere."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            [found] = await admin.describe_topics([topic])
            leaders = [partition["leader"] for partition in found["partitions"]]
            if not found["error_code"] and len(leaders) == partitions and min(leaders) >= 0:
                return
            await asyncio.sleep(0.05)


async def _configuration(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    [(code, message, _, _, entries)] = answer.resources
    if code:
        raise TopicRefused(f"{topic}: its configuration cannot be read: {message or for_code(code).__name__}")
    return {entry[0]: entry[1] for entry in entries}


async def _require_owner(broker: Broker, topic: str, *, partitions: int, log: UUID) -> None:
    for partition, record in (await newest_records(broker, topic, partitions=partitions)).items():
        if record.log != log:
            raise TopicRefused(
                f"partition {partition} of {topic} belongs to another log ({record.log}, ours is {log}): another installation or"
                " another service writes there; give this installation another prefix"
            )


async def newest_records(broker: Broker, topic: str, *, partitions: int) -> dict[int, Chained | Heartbeat]:
    """Of the partitions that hold any. Raises TopicRefused or BrokerAway."""
    newest: dict[int, Chained | Heartbeat] = {}
    async with _reading(broker, topic, partitions) as (consumer, places):
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        written = [place for place in places if ends[place] > begins[place]]
        for place in places:
            consumer.seek(place, max(begins[place], ends[place] - 1))
        while len(newest) < len(written):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                newest[place.partition] = _ours(topic, place.partition, records[-1])
                consumer.pause(place)
    return newest


def _ours(topic: str, partition: int, record: Any) -> Chained | Heartbeat:
    try:
        return read_record(topic, offset=record.offset, key=record.key, value=record.value, headers=record.headers)
    except ForeignRecord as error:
        raise TopicRefused(
            f"partition {partition} of {topic} holds what no relay of ours wrote: give this installation another prefix"
        ) from error


async def end_offsets(broker: Broker, topic: str, *, partitions: int) -> dict[int, int]:
    """Behind the last record of each partition. Raises BrokerAway."""
    async with _reading(broker, topic, partitions) as (consumer, places):
        ends = await consumer.end_offsets(places)
    return {place.partition: end for place, end in ends.items()}


@asynccontextmanager
async def _reading(
    broker: Broker, topic: str, partitions: int
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """A client that reads what it is told to, for nobody."""
    consumer = AIOKafkaConsumer(**broker.options("check"), auto_offset_reset="none", enable_auto_commit=False)
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    try:
        async with asyncio.timeout(READY_SECONDS):
            await consumer.start()
            consumer.assign(places)
            yield consumer, places
    except (KafkaError, OSError, TimeoutError) as error:
        raise await broker.away(error) from error
    finally:
        await close_client(consumer)
