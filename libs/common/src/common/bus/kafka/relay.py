"""The relay 中繼: carries a service's outbox to its topic, in order, every event at least once, and says how late it is.

One relay of a service works at a time, by an advisory lock; others wait for their turn. It reads as every reader of an outbox
does (`tail`), sends a chunk, waits until all of it is acknowledged, and only then moves its own cursor. Each record says which
came before it on its partition, so that readers can tell a repetition from a loss. Each second every partition gets a
heartbeat with the moment up to which everything has been sent.

Whatever fails, everything is closed and begun again from the cursor.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

import structlog

from common.bus.kafka import relay_state
from common.bus.kafka.broker import Broker, BrokerAway
from common.bus.kafka.relay_state import Partitions, RelayState
from common.bus.kafka.rules import TopicRules
from common.bus.kafka.sender import Sender
from common.bus.kafka.topics import TopicMissing, TopicRefused, prepare_topic
from common.bus.kafka.wire import Outgoing, write_heartbeat, write_row
from common.bus.metrics import RelayMetrics
from common.bus.polling import Polling
from common.bus.position import START
from common.bus.records import LogRow
from common.bus.tail import Forked, HistoryLost, Tail
from common.bus.wakeups import Wakeups, wait_any
from common.connection import Connection
from common.db import Database
from common.loops import Loop

log = structlog.get_logger(__name__)

CHUNK = 2_000
HEARTBEAT_SECONDS = 1.0
TURN_SECONDS = 1.0
"""How often a relay that waits for its turn asks again."""

_ALARMS: Mapping[type[Exception], str] = {
    Forked: "fork",
    HistoryLost: "history_lost",
    TopicMissing: "topic",
    TopicRefused: "topic",
    BrokerAway: "broker",
}


class Relay:
    def __init__(
        self,
        *,
        db: Database,
        url: str,
        broker: Broker,
        rules: TopicRules,
        metrics: RelayMetrics,
        wakeups: Wakeups | None = None,
    ) -> None:
        """`url`: of the database that holds the outbox, read as other readers do."""
        self.service = db.service
        self.topic = broker.topic(db.service)
        self.state: RelayState | None = None
        """None while another relay works, or nothing is known yet."""
        self.stated: datetime | None = None
        """The time of the last heartbeat."""
        self._db = db
        self._url = url
        self._broker = broker
        self._rules = rules
        self._metrics = metrics
        self._polling = Polling(wakeups, [db.service])
        self._beat_at = float("-inf")
        self._began_at = db.clock.now()
        metrics.complete_age_seconds.set_function(self._complete_age_seconds)
        self._loop = Loop(f"{db.service}.relay", self._run, on_restart=lambda _: metrics.restarts.inc())

    def start(self) -> None:
        self._loop.start()

    def wake(self) -> None:
        """Look now: a virtual clock has moved."""
        self._polling.wake()

    async def stop(self) -> None:
        """What was sent and not yet noted will be sent again."""
        await self._loop.stop()

    async def _run(self, stopping: asyncio.Event) -> None:
        async with self._turn(stopping) as connection:
            if connection is not None:
                await self._work(connection, stopping)

    @asynccontextmanager
    async def _turn(self, stopping: asyncio.Event) -> AsyncIterator["Connection | None"]:
        """Hold the lock; None when it is time to stop. What is noted is noted on the connection that holds it."""
        connection = await self._db.connect()
        try:
            ours = False
            while not (ours or stopping.is_set()):
                ours = await relay_state.take_lock(connection, self.service)
                if not ours:
                    await wait_any(TURN_SECONDS, stopping)
            self._metrics.leading.set(ours)
            yield connection if ours else None
        finally:
            self._metrics.leading.set(0)
            self.state = None
            connection.terminate()

    async def _work(self, connection: Connection, stopping: asyncio.Event) -> None:
        tail = Tail(url=self._url, producer=self.service, group=f"{self.service}.relay", clock=self._db.clock)
        try:
            await tail.open()
            await relay_state.begin(self._db, floor=await tail.floor(), partitions=self._rules.partitions)
            self.state = await relay_state.take_over(connection)
            partitions = await relay_state.read_partitions(connection)
            await prepare_topic(self._broker, self.topic, self._rules, partitions=partitions.now, log=self.state.log)
            tail.has_read(self.state.cursor.position)
            self._beat_at = float("-inf")
            async with Sender(self._broker, self.topic) as sender:
                work = _Work(tail, sender, connection, partitions)
                while not stopping.is_set():
                    if await self._pass(work, stopping):
                        self._polling.found()
                    else:
                        await self._polling.wait(stopping, tail)
        except tuple(_ALARMS) as error:
            self._metrics.alarm.labels(_ALARMS[type(error)]).set(1)
            raise
        finally:
            await tail.close()

    async def _pass(self, work: "_Work", stopping: asyncio.Event) -> int:
        """Send what is final, until nothing is; how many rows there were."""
        self._polling.begin()
        await work.tail.look()
        rows = await work.tail.read(self._held().cursor, limit=CHUNK)
        for kind in set(_ALARMS.values()):
            self._metrics.alarm.labels(kind).set(0)
        sent = 0
        while rows and not stopping.is_set():
            sent += len(rows)
            rows = await self._carry(work, rows)
            await self._beat(work)
        work.tail.has_read(self._held().cursor.position)
        await self._beat(work)
        return sent

    async def _carry(self, work: "_Work", rows: list[LogRow]) -> list[LogRow]:
        """Send these; the rows after them, which are read while these are on their way, where there may be some."""
        records, moved = chain(rows, self._held(), work.partitions)
        if len(rows) < CHUNK:
            await self._deliver(work, records, moved)
            return []
        following, _ = await asyncio.gather(
            work.tail.read(moved.cursor, limit=CHUNK), self._deliver(work, records, moved)
        )
        return following

    async def _deliver(self, work: "_Work", records: Sequence[Outgoing], moved: RelayState) -> None:
        """Send, wait until all is acknowledged, and note it."""
        await work.sender.send(records)
        await relay_state.move(work.connection, moved)
        self.state = moved
        work.tail.has_read(moved.cursor.position)
        self._metrics.relayed.inc(len(records))

    async def _beat(self, work: "_Work") -> None:
        """On the system's clock each second; on a virtual one whenever it has moved."""
        stated = work.tail.complete_to
        news = self._db.clock.log_time() is not None and stated != self.stated
        if not news and monotonic() - self._beat_at < HEARTBEAT_SECONDS:
            return
        state = self._held()
        await relay_state.require_turn(work.connection, state.token)
        await work.sender.send(
            [
                write_heartbeat(log=state.log, partition=partition, position=position, complete_to=stated)
                for partition, position in enumerate(state.tails)
            ]
        )
        self.stated, self._beat_at = stated, monotonic()

    def _complete_age_seconds(self) -> float:
        """Asked whenever somebody looks, so that it grows while the relay stands still."""
        return (self._db.clock.now() - (self.stated or self._began_at)).total_seconds()

    def _held(self) -> RelayState:
        if self.state is None:
            raise RuntimeError("the relay has not begun")
        return self.state


@dataclass(frozen=True, slots=True)
class _Work:
    """What a relay holds while it works."""

    tail: Tail
    sender: Sender
    connection: Connection
    partitions: Partitions


def chain(rows: Sequence[LogRow], state: RelayState, partitions: Partitions) -> tuple[list[Outgoing], RelayState]:
    """The records of these rows, each naming the one before it on its partition; and the state once all are sent.

    What tells of the log itself goes to every partition. Pure: a function of the outbox from where the state stands.
    """
    tails = list(state.tails)
    records: list[Outgoing] = []
    for row in rows:
        tails += [START] * (partitions.at(row.position) - len(tails))
        for partition in partitions.of(row.producer, key=row.key, type_name=row.type, position=row.position):
            records.append(write_row(row, log=state.log, partition=partition, prev=tails[partition]))
            tails[partition] = row.position
    last = rows[-1]
    moved = replace(
        state, cursor=replace(state.cursor, position=last.position, event_id=last.event_id), tails=tuple(tails)
    )
    return records, moved
