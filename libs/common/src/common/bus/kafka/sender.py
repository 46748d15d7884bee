"""Sending to one topic so that nothing is ever out of order: of each partition at most one batch is on its way.

A client that has several batches on their way can lose the first and deliver the next. Whatever fails, the sender is done for:
it is closed and a new one sends the same again, which the readers of the chain pass over.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from common.bus.kafka.broker import REQUEST_SECONDS, Broker, BrokerAway
from common.bus.kafka.wire import Outgoing
from common.loops import together

BATCH_BYTES = 512 * 1024
"""Twice the largest event."""
ACKNOWLEDGE_SECONDS = 2 * REQUEST_SECONDS
CLOSE_SECONDS = 0.8
"""Less than a loop has to end after it was cancelled."""


class NotSent(Exception):
    """Not everything is known to have been acknowledged."""


class Sender:
    """Used as a context manager; not for use after an error."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self._broker = broker
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            **self._broker.options(f"relay.{self._topic}"),
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
        )
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._close()
            raise await self._broker.away(error) from error
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return when all are acknowledged, in order within each partition. Raises NotSent."""
        by_partition: dict[int, list[Outgoing]] = defaultdict(list)
        for record in records:
            by_partition[record.partition].append(record)
        try:
            await together(*(self._send(partition, its_own) for partition, its_own in by_partition.items()))
        except (KafkaError, OSError) as error:
            raise NotSent(f"{self._topic}: {type(error).__name__}: {error}") from error

    async def _send(self, partition: int, records: Sequence[Outgoing]) -> None:
        producer = self._open()
        batch = producer.create_batch()
        for record in records:
            while batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers) is None:
                if not batch.record_count():
                    raise NotSent(f"{self._topic}: a record does not fit into a batch of {BATCH_BYTES} bytes")
                await self._deliver(batch, partition)
                batch = producer.create_batch()
        await self._deliver(batch, partition)

    async def _deliver(self, batch: object, partition: int) -> None:
        async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
            acknowledged = await self._open().send_batch(batch, self._topic, partition=partition)
            await acknowledged

    def _open(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise BrokerAway("the sender is closed")
        return self._producer

    async def _close(self) -> None:
        """Within a bounded time: what is still on its way is given up, since it will be sent again."""
        if self._producer is None:
            return
        producer, self._producer = self._producer, None
        producer._closed = True  # noqa: SLF001 - its own stop() would wait until all is sent
        with suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await together(producer.client.close(), producer._sender.close())  # noqa: SLF001 - what stop() does
