"""A topic written by hand: whatever a broker, a relay or a stranger could ever leave in it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from common.bus.kafka.topics import administering
from common.bus.kafka.wire import Chained, Heartbeat, Outgoing, read_record, write_heartbeat, write_row
from common.bus.lanes import LANES
from common.bus.position import START, Position
from common.bus.records import LogRow
from common.contracts.envelope import encode
from common.contracts.members import PointsEarned
from common.ids import new_id
from integration.bus.effects import earned
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import RULES

OURS = UUID(int=1)
"""The identity of a log that is written by hand."""
ANOTHER = UUID(int=2)
GENERATION = 1_764_000_000
PARTITION = 0


def at(number: int) -> Position:
    """Where the event with this number stands; before the first is the start."""
    return Position(GENERATION, number) if number else START


def told(number: int, *, after: int | None = None, log: UUID = OURS, partition: int = PARTITION) -> Outgoing:
    """The record of an event with this number. `after`: the number before it on its partition, if not the one before."""
    event, event_id, now = earned(number), new_id(), datetime.now(UTC)
    row = LogRow(
        producer="members",
        position=at(number),
        appended_at=now,
        key=event.subject,
        type=PointsEarned.type_name(),
        event_id=event_id,
        envelope=encode(event, event_id=event_id, service="members", type_name=PointsEarned.type_name(), time=now),
    )
    return write_row(row, log=log, partition=partition, prev=at(number - 1 if after is None else after))


def beat(number: int, *, log: UUID = OURS, partition: int = PARTITION) -> Outgoing:
    """A heartbeat that says that everything up to this number has been sent."""
    return write_heartbeat(log=log, partition=partition, position=at(number), complete_to=datetime.now(UTC))


class Topic:
    """Of one producer of a log."""

    def __init__(self, log: Log, producer: str = "members") -> None:
        self.name = log.broker.topic(producer)
        self._broker = log.broker
        self._servers = log.broker.servers

    async def create(self, partitions: int = LANES, **configuration: str) -> None:
        """`configuration` with underscores for points, over what a relay would set."""
        configs = RULES.configuration | {name.replace("_", "."): value for name, value in configuration.items()}
        async with administering(self._broker) as admin:
            made = await admin.create_topics([NewTopic(self.name, partitions, 1, topic_configs=configs)])
            for _, code, *said in made.topic_errors:
                assert not code, (for_code(code), said)
            await _described(admin, self.name, partitions)

    async def delete(self, *, gone: bool = True) -> None:
        """Return when it is `gone`; a relay that runs may make it anew before anybody sees that."""
        async with administering(self._broker) as admin:
            await admin.delete_topics([self.name])
            if gone:
                await _described(admin, self.name, 0)

    async def configure(self, **configuration: str) -> None:
        """As `create`; what is not named is as a relay makes it."""
        configs = RULES.configuration | {name.replace("_", "."): value for name, value in configuration.items()}
        async with administering(self._broker) as admin:
            [answer] = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, self.name, configs=configs)])
            for code, said, *_ in answer.resources:
                assert not code, (for_code(code), said)

    async def forget(self, before: Mapping[int, int]) -> None:
        """Throw away, as retention does, what comes before an offset, by partition."""
        async with administering(self._broker) as admin:
            await admin.delete_records(
                {TopicPartition(self.name, number): RecordsToDelete(offset) for number, offset in before.items()}
            )

    async def write(self, *records: Outgoing) -> None:
        """One after another."""
        producer = AIOKafkaProducer(bootstrap_servers=self._servers, acks="all")
        await producer.start()
        try:
            for record in records:
                headers = list(record.headers)
                await producer.send_and_wait(
                    self.name, record.value, key=record.key, partition=record.partition, headers=headers
                )
        finally:
            await producer.stop()

    async def ends(self) -> dict[int, int]:
        """The offset after the last record, by partition."""
        async with self._reading() as reader:
            return {place.partition: end for place, end in (await reader.end_offsets(reader.assignment())).items()}

    async def read(self) -> dict[int, list[Chained | Heartbeat]]:
        """Everything that is in it now, by partition."""
        found: dict[int, list[Chained | Heartbeat]] = {}
        async with self._reading() as reader:
            places = reader.assignment()
            begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
            for place in places:
                found[place.partition] = []
                reader.seek(place, begins[place])
            async with asyncio.timeout(SECONDS):
                while [place for place in places if await reader.position(place) < ends[place]]:
                    for place, records in (await reader.getmany(timeout_ms=500)).items():
                        found[place.partition] += [
                            read_record("members", offset=one.offset, key=one.key, value=one.value, headers=one.headers)
                            for one in records
                        ]
        return found

    async def sent(self) -> dict[int, list[Position]]:
        """The positions of the events in it, repetitions too, by partition."""
        return {
            number: [record.position for record in records if isinstance(record, Chained)]
            for number, records in (await self.read()).items()
        }

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(bootstrap_servers=self._servers, enable_auto_commit=False, auto_offset_reset="none")
        async with administering(self._broker) as admin:
            [described] = await admin.describe_topics([self.name])
        await reader.start()
        try:
            reader.assign([TopicPartition(self.name, one["partition"]) for one in described["partitions"]])
            yield reader
        finally:
            await reader.stop()


async def _described(admin: AIOKafkaAdminClient, name: str, partitions: int) -> None:
    """Wait until the broker says that it has so many, each with a leader."""
    async with asyncio.timeout(SECONDS):
        while True:
            [found] = await admin.describe_topics([name])
            leaders: Sequence[int] = [one["leader"] for one in found["partitions"]]
            if len(leaders) == partitions and min(leaders, default=0) >= 0:
                return
            await asyncio.sleep(0.05)
