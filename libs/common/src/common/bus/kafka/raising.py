"""More partitions for a topic, while its relay is stopped: what was sent keeps its partition, what comes is spread over more.

An event may go to another partition than the earlier ones of its key only when those have been handled. So: every relay of the
service is stopped, everybody has read everything, and nothing was sent that is not noted.
"""

import asyncio
from collections.abc import Mapping
from time import monotonic

from aiokafka.admin import AIOKafkaAdminClient

from common.bus.kafka import relay_state
from common.bus.kafka.broker import Broker
from common.bus.kafka.relay_state import NeverRelayed, NotReady, RelayState
from common.bus.kafka.topics import add_partitions, administering, count_partitions, end_offsets, newest_records
from common.bus.lanes import LANES
from common.bus.position import Position
from common.connection import Connection
from common.db import Database
from common.errors import Invalid

READ_SECONDS = 60.0
"""How long readers may take to tell that they have read everything; they tell it every few seconds."""
_POLL_SECONDS = 0.5
_LOCK_SECONDS = 2.0
"""How long the server may take to see that a relay which was just stopped is gone."""

Unread = Mapping[str, Mapping[int, int]]
"""Group → partition → how many records it has not read."""


async def raise_partitions(
    db: Database, broker: Broker, *, partitions: int, read_seconds: float = READ_SECONDS
) -> Position:
    """Returns the position behind which events are spread over more. May be repeated after any failure.

    Raises Invalid, NeverRelayed, NotReady, TopicRefused or BrokerAway.
    """
    if partitions % LANES or partitions <= 0:
        raise Invalid(
            f"{partitions} partitions: a topic has {LANES} or a multiple of it, so that each belongs to a lane"
        )
    connection = await db.connect()
    try:
        await _take_lock(connection, db.service)
        state = await relay_state.read(connection)
        if state is None:
            raise NeverRelayed("no relay of this service has run yet: it makes its topic with as many as it is told")
        return await _raise(db, broker, connection, state, partitions=partitions, read_seconds=read_seconds)
    finally:
        connection.terminate()


async def _take_lock(connection: Connection, service: str) -> None:
    deadline = monotonic() + _LOCK_SECONDS
    while not await relay_state.take_lock(connection, service):
        if monotonic() > deadline:
            raise NotReady(f"a relay of {service} is running: stop every one of them first")
        await asyncio.sleep(_LOCK_SECONDS / 20)


async def _raise(
    db: Database,
    broker: Broker,
    connection: Connection,
    state: RelayState,
    *,
    partitions: int,
    read_seconds: float,
) -> Position:
    topic = broker.topic(db.service)
    now = (await relay_state.read_partitions(connection)).now
    if partitions < now:
        raise Invalid(f"{topic} has {now} partitions; there can only be more")
    if partitions == now:
        return state.cursor.position
    await _require_all_noted(broker, topic, state, partitions=now)
    async with administering(broker) as admin:
        found = (await count_partitions(admin, [topic]))[topic]
        if found not in {now, partitions}:
            raise NotReady(
                f"{topic} has {found} partitions at the broker, and {now} by its relay: somebody else raised them"
            )
        await _await_read(admin, broker, topic, state, read_seconds=read_seconds)
    if found != partitions:
        await add_partitions(broker, topic, partitions)
    await relay_state.spread(db, state, partitions=partitions)
    return state.cursor.position


async def _require_all_noted(broker: Broker, topic: str, state: RelayState, *, partitions: int) -> None:
    """A relay that was killed or rewound may have sent more than it has noted; that would be sent again, elsewhere."""
    newest = await newest_records(broker, topic, partitions=partitions)
    sent = max([state.rewound, *(record.position for record in newest.values())])
    if sent > state.cursor.position:
        raise NotReady(
            f"{topic} was sent everything up to {sent}, and the relay has noted {state.cursor.position}: start it until it has"
            " caught up, and stop it in order"
        )


async def _await_read(
    admin: AIOKafkaAdminClient, broker: Broker, topic: str, state: RelayState, *, read_seconds: float
) -> None:
    deadline = monotonic() + read_seconds
    while unread := await _unread(admin, broker, topic, len(state.tails)):
        if monotonic() > deadline:
            who = "; ".join(
                f"{group}: " + ", ".join(f"{count} in partition {number}" for number, count in sorted(left.items()))
                for group, left in sorted(unread.items())
            )
            raise NotReady(f"not everything in {topic} has been read: let the workers finish ({who})")
        await asyncio.sleep(_POLL_SECONDS)


async def _unread(admin: AIOKafkaAdminClient, broker: Broker, topic: str, partitions: int) -> Unread:
    """Of the groups of this installation that have ever read the topic."""
    ends = await end_offsets(broker, topic, partitions=partitions)
    unread: dict[str, dict[int, int]] = {}
    for group, _ in await admin.list_consumer_groups():
        if not group.startswith(broker.group("")):
            continue
        told = await admin.list_consumer_group_offsets(group)
        read = {place.partition: at.offset for place, at in told.items() if place.topic == topic and at.offset >= 0}
        left = {number: end - read.get(number, 0) for number, end in ends.items() if read and end > read.get(number, 0)}
        if left:
            unread[group] = left
    return unread
