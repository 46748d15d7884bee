"""A member of a consumer group: what it was given, and what it fetches from where it is told to."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, OffsetOutOfRangeError

from common.bus.kafka.assignor import LaneAssignor
from common.bus.kafka.broker import Broker

START_SECONDS = 30.0
SESSION_SECONDS = 6.0
"""A member that is silent for so long has lost its lanes. Brokers allow no less unless told."""
METADATA_SECONDS = 10.0
"""A topic that was made anew is noticed no later."""
CLOSE_SECONDS, CUT_SECONDS = 0.6, 0.2
"""Together less than a loop has to end after it was cancelled."""
SHOW_SECONDS = 1.0

Fetched: TypeAlias = Any
"""A record as aiokafka gives it."""


class OutOfRange(Exception):
    """The log does not reach to where it was to be read, or begins behind it. `begins`: where it begins."""

    def __init__(self, begins: Mapping[TopicPartition, int]) -> None:
        super().__init__(", ".join(f"{place.topic}/{place.partition}" for place in begins))
        self.begins = begins


class Member:
    """Used as a context manager; not for use after an error. Where to read is never Kafka's to say: it is told."""

    def __init__(self, broker: Broker, *, group: str, topics: Sequence[str]) -> None:
        self._broker = broker
        self._topics = list(topics)
        self._client = AIOKafkaConsumer(
            **broker.options(f"{group}.worker"),
            group_id=broker.group(group),
            enable_auto_commit=False,
            auto_offset_reset="none",
            partition_assignment_strategy=[LaneAssignor],
            session_timeout_ms=int(1000 * SESSION_SECONDS),
            heartbeat_interval_ms=int(1000 * SESSION_SECONDS / 4),
            metadata_max_age_ms=int(1000 * METADATA_SECONDS),
        )
        self._assignment = _Assignment(self._client)

    async def __aenter__(self) -> Self:
        self._client.subscribe(self._topics, listener=self._assignment)
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._client.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await close_client(self._client)
            raise await self._broker.away(error) from error
        except BaseException:
            await close_client(self._client)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await close_client(self._client)
        if isinstance(error, KafkaError):
            raise await self._broker.away(error) from error

    def given(self) -> list[TopicPartition] | None:
        """All that this member reads from now on, once each time that it changes. Nothing is fetched before `read_on`."""
        return self._assignment.take()

    def read_on(self, place: TopicPartition, offset: int) -> None:
        with suppress(IllegalStateError):  # it was taken from us meanwhile
            self._client.seek(place, offset)
            self._client.resume(place)

    def pause(self, place: TopicPartition) -> None:
        with suppress(IllegalStateError):
            self._client.pause(place)

    async def fetch(self, *, seconds: float) -> dict[TopicPartition, list[Fetched]]:
        """What has come, as soon as something has. Raises OutOfRange."""
        try:
            fetched: dict[TopicPartition, list[Fetched]] = await self._client.getmany(timeout_ms=int(1000 * seconds))
        except OffsetOutOfRangeError as error:
            raise OutOfRange(await self._client.beginning_offsets(list(error.args[0]))) from error
        return fetched

    def end(self, place: TopicPartition) -> int:
        """The offset after its last record, as far as is known."""
        try:
            return self._client.highwater(place) or 0
        except IllegalStateError:
            return 0

    async def show(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell Kafka where we are, for those who look there; nothing follows from it."""
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(SHOW_SECONDS):
                await self._client.commit(dict(offsets))


async def close_client(client: AIOKafkaConsumer) -> None:
    """Leave the group, if the broker answers soon; else cut what waits for it. Ends within `CLOSE_SECONDS` and `CUT_SECONDS`."""
    with suppress(KafkaError, OSError):
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.stop()
        except TimeoutError:
            with suppress(TimeoutError):
                async with asyncio.timeout(CUT_SECONDS):
                    await _cut(client)
            await client._client.close()  # noqa: SLF001 - what its stop() does last


async def _cut(client: AIOKafkaConsumer) -> None:
    """The rest of what its stop() does, without asking the broker anything.

    The fetcher can swallow a first request to end (when it was just given other partitions); a second one it obeys.
    """
    coordinator, fetcher = client._coordinator, client._fetcher  # noqa: SLF001 - there is no other way
    if coordinator is not None:
        await coordinator._stop_heartbeat_task()  # noqa: SLF001 - as above
        await coordinator._stop_commit_offsets_refresh_task()  # noqa: SLF001 - as above
    if fetcher is not None:
        await fetcher.close()


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """What the broker gave us: paused, at the start, until somebody says from where to read."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._given: list[TopicPartition] | None = None

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """The database keeps whoever works on them from harm."""

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        for place in assigned:
            self._client.seek(place, 0)
            self._client.pause(place)
        self._given = list(assigned)

    def take(self) -> list[TopicPartition] | None:
        given, self._given = self._given, None
        return given
