"""A group's consumer over Kafka: its members share the lanes, and each lane's partitions are read by one of them.

The broker gives out partitions, the database decides: whoever holds a lane's row may move it. Where a partition is read on
stands in the database with the effects; Kafka's own offsets are only for dashboards.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from common.bus import instruments
from common.bus.carrying import Carrier
from common.bus.consumer import Progress
from common.bus.instruments import Instruments
from common.bus.kafka import offsets
from common.bus.kafka.broker import Broker, BrokerAway
from common.bus.kafka.following import Foreign, Forked, Left, Missing
from common.bus.kafka.membership import Fetched, Member, OutOfRange
from common.bus.kafka.partition import Partition
from common.bus.kafka.topics import TopicMissing, TopicRefused, administering, count_partitions
from common.bus.kafka.wire import Chained, ForeignRecord, Heartbeat, read_record
from common.bus.lanes import LANES
from common.bus.metrics import LogMetrics
from common.bus.moments import earliest
from common.bus.position import Position
from common.bus.processing import TooMuchPoison
from common.bus.records import Handlers
from common.bus.tail import HistoryLost
from common.bus.wakeups import wait_any
from common.db import Database
from common.loops import Loop, backoff_seconds, is_cancelled, together

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
TOPIC_SECONDS = 0.5
"""How often a missing topic is looked for."""
LANES_AT_ONCE = 4
"""Each takes a connection of the pool."""

_ALARMS: dict[type[Exception], str] = {
    Forked: "fork",
    Left: "fork",
    Missing: "gap",
    Foreign: "foreign",
    HistoryLost: "history_lost",
    TooMuchPoison: "poison",
    TopicMissing: "topic",
    TopicRefused: "topic",
    BrokerAway: "broker",
}


class KafkaConsumer:
    """One member of the group. Runs until stopped; whatever the client fails at, it is closed, and all begins again from the
    database. What the surroundings of a batch fail at puts off its partition alone.
    """

    def __init__(
        self,
        *,
        db: Database,
        broker: Broker,
        handlers: Handlers,
        metrics: LogMetrics,
        on_progress: Progress | None = None,
        accept_missing_history: bool = True,
    ) -> None:
        self.group = db.service
        self.partitions: dict[TopicPartition, Partition] = {}
        """Those that this member reads."""
        self._db = db
        self._broker = broker
        self._handlers = handlers
        self._metrics = metrics
        self._on_progress = on_progress
        self._accept_missing_history = accept_missing_history
        self._producers = {broker.topic(producer): producer for producer in handlers.producers}
        self._carrier = Carrier(db=db, handlers=handlers, metrics=metrics)
        self._instruments = Instruments(db=db, handlers=handlers, metrics=metrics, alarms=_ALARMS)
        self._rests_until: dict[TopicPartition, float] = {}
        self._alarmed: dict[TopicPartition, str] = {}
        self._failures: Counter[TopicPartition] = Counter()
        self._more = False
        self._loop = Loop(f"{self.group}.consumer", self._run, on_restart=self._failed)

    def start(self) -> None:
        self._loop.start()

    def handled_to(self, producer: str) -> Sequence[Position]:
        """The last position that was handled in each partition that this member has, in their order."""
        return [partition.offset.chain.last for partition in self._of(producer)]

    def complete_to(self, producer: str) -> datetime | None:
        """Every event of these partitions that was appended at or before it has been handled. None: nothing is known yet."""
        return earliest([partition.complete_to for partition in self._of(producer)])

    def _of(self, producer: str) -> list[Partition]:
        found = [partition for partition in self.partitions.values() if partition.producer == producer]
        return sorted(found, key=lambda partition: partition.number)

    def wake(self) -> None:
        """Nothing to do: a relay's heartbeat comes when a virtual clock has moved."""

    async def stop(self) -> None:
        """Finish the current batches, or roll them back, within five seconds."""
        await self._loop.stop()

    async def _run(self, stopping: asyncio.Event) -> None:
        await self._instruments.check_clock()
        counts = await self._find_topics(stopping)
        if stopping.is_set():
            return
        try:
            async with Member(self._broker, group=self.group, topics=list(self._producers)) as member:
                while not stopping.is_set():
                    given = member.given()
                    if given is not None:
                        await self._begin(member, given, counts)
                    await self._pass(member)
        finally:
            self.partitions = {}

    async def _find_topics(self, stopping: asyncio.Event) -> Mapping[str, int]:
        """How many partitions each topic has; waits until every topic is there. Raises TopicRefused."""
        async with administering(self._broker) as admin:
            while not stopping.is_set():
                try:
                    return await self._count_partitions(admin)
                except TopicRefused as error:
                    for producer in self._handlers.producers:
                        self._instruments.raise_alarm(producer, error)
                    if not isinstance(error, TopicMissing):
                        raise
                    await wait_any(TOPIC_SECONDS, stopping)
        return {}

    async def _count_partitions(self, admin: AIOKafkaAdminClient) -> Mapping[str, int]:
        counted = await count_partitions(admin, list(self._producers))
        if len(set(counted.values())) > 1 or any(count % LANES for count in counted.values()):
            found = ", ".join(f"{topic}: {count}" for topic, count in sorted(counted.items()))
            raise TopicRefused(
                f"every topic has the same number of partitions, {LANES} or a multiple of it; these have {found}"
            )
        return counted

    async def _begin(self, member: Member, given: Sequence[TopicPartition], counts: Mapping[str, int]) -> None:
        """Stand where the database says, in the partitions that were given to us."""
        self.partitions, self._rests_until, self._alarmed = {}, {}, {}
        self._failures.clear()
        for topic, producer in self._producers.items():
            async with self._db.transaction() as uow:
                found = await offsets.begin(uow, group=self.group, producer=producer, partitions=counts[topic])
            for place in given:
                if place.topic == topic:
                    self.partitions[place] = Partition(
                        db=self._db,
                        carrier=self._carrier,
                        producer=producer,
                        number=place.partition,
                        offset=found[place.partition],
                        accept_missing_history=self._accept_missing_history,
                    )
        for place, partition in self.partitions.items():
            member.read_on(place, partition.position)

    async def _pass(self, member: Member) -> None:
        self._wake_resting(member)
        fetched = await self._fetch(member)
        by_lane: dict[int, list[TopicPartition]] = defaultdict(list)
        for place in sorted(fetched):
            if place in self.partitions:
                by_lane[self.partitions[place].lane].append(place)
        limit = asyncio.Semaphore(LANES_AT_ONCE)
        await together(
            *(
                self._advance_lane(member, limit, {place: fetched[place] for place in places})
                for places in by_lane.values()
            )
        )
        await self._tell_progress()
        if await self._instruments.keep_house():
            await self._measure(member)
            await self._look_again(member)

    def _wake_resting(self, member: Member) -> None:
        time = asyncio.get_running_loop().time()
        for place in [place for place, until in self._rests_until.items() if until <= time]:
            del self._rests_until[place]
            member.read_on(place, self.partitions[place].position)

    async def _fetch(self, member: Member) -> Mapping[TopicPartition, Sequence[Fetched]]:
        try:
            return await member.fetch(seconds=0 if self._more else POLL_SECONDS)
        except OutOfRange as error:
            for place, begins in error.begins.items():
                self._return_into_range(member, place, begins)
            return {}

    def _return_into_range(self, member: Member, place: TopicPartition, begins: int) -> None:
        """Read what there is: the chain judges whether anything is missing."""
        partition = self.partitions.get(place)
        if partition is not None:
            log.warning("offset out of range", group=self.group, partition=_named(place), offset=partition.position)
            partition.position = begins
            member.read_on(place, begins)

    async def _advance_lane(
        self, member: Member, limit: asyncio.Semaphore, fetched: Mapping[TopicPartition, Sequence[Fetched]]
    ) -> None:
        """The partitions of a lane one after another, since they wait for the same lock."""
        async with limit:
            for place, records in fetched.items():
                await self._advance(member, place, records)

    async def _advance(self, member: Member, place: TopicPartition, records: Sequence[Fetched]) -> None:
        partition = self.partitions[place]
        try:
            seek = await partition.take(self._read(partition.producer, records), end=member.end(place))
        except (Left, Missing) as error:
            self._alarm(place, error)
        except tuple(_ALARMS) as error:
            self._alarm(place, error)
            await self._stand_still(member, place)
        except KafkaError:
            raise
        except (Exception, asyncio.CancelledError) as error:  # whatever is away, the other partitions go on
            if is_cancelled():
                raise
            self._put_off(member, place, error)
        else:
            self._failures.pop(place, None)
            generation = partition.offset.chain.last.generation
            self._metrics.generation.labels(self.group, partition.producer).set(generation)
            if partition.offset.gap is None:
                self._alarmed.pop(place, None)
            if seek is not None:
                member.read_on(place, seek)

    def _read(self, producer: str, records: Sequence[Fetched]) -> list[Chained | Heartbeat]:
        read: list[Chained | Heartbeat] = []
        for record in records:
            try:
                read.append(
                    read_record(
                        producer, offset=record.offset, key=record.key, value=record.value, headers=record.headers
                    )
                )
            except ForeignRecord as error:
                self._metrics.foreign.labels(self.group, producer).inc()
                log.warning("foreign record passed over", group=self.group, producer=producer, error=str(error))
        return read

    def _alarm(self, place: TopicPartition, error: Exception) -> None:
        self._alarmed[place] = _ALARMS[type(error)]
        self._instruments.raise_alarm(self._producers[place.topic], error)

    async def _stand_still(self, member: Member, place: TopicPartition) -> None:
        """Until somebody has decided, or it is time to look whether somebody has."""
        partition = self.partitions[place]
        found = await offsets.read(self._db, group=self.group, producer=partition.producer)
        partition.reset(found[partition.number])
        self._rest(member, place, instruments.ALARMED_SECONDS)

    def _put_off(self, member: Member, place: TopicPartition, error: BaseException) -> None:
        """Try it again, later each time."""
        self._metrics.restarts.labels(self.group).inc()
        self._failures[place] += 1
        seconds = backoff_seconds(self._failures[place])
        log.warning(
            "batch failed",
            group=self.group,
            partition=_named(place),
            error=str(error),
            kind=type(error).__name__,
            again_in_seconds=round(seconds, 2),
        )
        self._rest(member, place, seconds)

    def _rest(self, member: Member, place: TopicPartition, seconds: float) -> None:
        member.pause(place)
        self._rests_until[place] = asyncio.get_running_loop().time() + seconds

    async def _tell_progress(self) -> None:
        lanes: dict[int, dict[str, datetime | None]] = defaultdict(dict)
        for partition in self.partitions.values():
            moments = lanes[partition.lane]
            known = [moments[partition.producer]] if partition.producer in moments else []
            moments[partition.producer] = earliest([*known, partition.complete_to])
        nothing_to_read = None if self.partitions else self._db.clock.now()
        self._instruments.completed(
            {producer: self.complete_to(producer) or nothing_to_read for producer in self._handlers.producers}
        )
        self._instruments.clear_alarms(self._handlers.producers, but=set(self._alarmed.values()))
        self._more = False
        if self._on_progress is not None:
            self._more = bool(await self._on_progress(lanes))

    async def _measure(self, member: Member) -> None:
        """How much is unread, and since when."""
        for producer in self._handlers.producers:
            its_own = {place: each for place, each in self.partitions.items() if each.producer == producer}
            waiting = [each.waiting_since for each in its_own.values() if each.waiting_since is not None]
            unread = sum(max(0, member.end(place) - each.position) for place, each in its_own.items())
            self._instruments.lag(producer, unread=unread, oldest=min(waiting, default=None))
        applied = {place: each.position for place, each in self.partitions.items() if each.offset.gap is None}
        await member.show(applied)

    async def _look_again(self, member: Member) -> None:
        for place, partition in self.partitions.items():
            if await partition.look_again():
                member.read_on(place, partition.position)

    def _failed(self, error: BaseException) -> None:
        self._metrics.restarts.labels(self.group).inc()
        if isinstance(error, BrokerAway):
            for producer in self._handlers.producers:
                self._instruments.raise_alarm(producer, error)


def _named(place: TopicPartition) -> str:
    return f"{place.topic}/{place.partition}"
