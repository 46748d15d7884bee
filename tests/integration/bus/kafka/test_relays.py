"""Relays on a real broker: refused, superseded, alive twice, with their topic taken from under them."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from common.bus.kafka import relay_state
from common.bus.kafka.relay_state import Superseded
from common.bus.kafka.sender import Sender
from common.bus.kafka.wire import Outgoing
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import applied, new_relay, quiet, relaying, rewind, sent_all
from integration.bus.kafka.topic import Topic

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("impatient")]


async def test_a_batch_is_refused_and_later_ones_would_be_accepted(log: Log) -> None:
    """7. Nothing is sent past it; with a sender of its own each time it is tried until the broker takes it."""
    topic = Topic(log)
    async with relaying(log) as watched, log.consuming(recording()):
        await log.produce(earned(0))
        await applied(log, 0)
        await topic.configure(max_message_bytes="1500")
        large = await log.produce(*(earned(n) for n in range(1, 10)))
        await eventually(lambda: watched.restarts >= 2, seconds=SECONDS, what="it is refused and tried again")
        await log.produce(earned(10))
        await log.produce(earned(11, key=1))
        assert await log.numbers() == [0], "neither it nor what follows is in the topic"
        assert len(large) == 9
        await topic.configure()
        await log.scanned()
    effects = await log.effects()
    assert [effect.number for effect in effects if effect.number != 11] == list(range(11))
    assert len(effects) == 12


async def test_a_record_that_never_fits_is_said(log: Log) -> None:
    """The broker takes less than an event may be: the relay stands still before it, and loses nothing when that is mended."""
    topic = Topic(log)
    async with relaying(log) as watched, log.consuming(recording()):
        await log.produce(earned(0))
        await applied(log, 0)
        await topic.configure(max_message_bytes="200")
        await log.produce(earned(1))
        await eventually(lambda: watched.restarts >= 2, seconds=SECONDS)
        assert await log.numbers() == [0]
        await topic.configure()
        await applied(log, 0, 1)


async def test_two_relays_are_alive(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """11. Both believe that it is their turn: each takes over from the other, everything is sent, nothing has two effects."""

    async def take_lock(*_: object) -> bool:
        return True

    monkeypatch.setattr(relay_state, "take_lock", take_lock)
    async with relaying(log) as one, relaying(log) as other, log.consuming(recording()):
        for n in range(60):
            await log.produce(earned(n))
        await eventually(lambda: one.restarts >= 1 and other.restarts >= 1, seconds=SECONDS)
        await log.produce(earned(60))
        await applied(log, *range(61))


async def test_a_zombie_writes_neither_its_cursor_nor_anything_new(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """11. A relay stands still between sending and noting it; its connection is cut; another takes over. Then it wakes."""
    held, woken, send, senders = asyncio.Event(), asyncio.Event(), Sender.send, list[Sender]()
    zombie = await new_relay(log)

    async def send_and_stand_still(one: Sender, records: Sequence[Outgoing]) -> None:
        senders.append(one)
        await send(one, records)
        if one is senders[0] and any(record.key for record in records):
            held.set()
            await woken.wait()

    await log.produce(earned(1), earned(2))
    monkeypatch.setattr(Sender, "send", send_and_stand_still)
    zombie.relay.start()
    await asyncio.wait_for(held.wait(), SECONDS)
    state = zombie.relay.state
    assert state is not None
    db = await log.db("members")
    async with relaying(log) as successor:
        await log.produce(earned(3))
        cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        assert await db.fetch(f"{cut} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        await successor.leads()
        await sent_all(log)
        stored = await db.fetchrow("SELECT * FROM relay")
        woken.set()
        await eventually(lambda: zombie.restarts, seconds=SECONDS, what="the zombie notices")
        assert await db.fetchrow("SELECT * FROM relay") == stored
        connection = await db.connect()
        with pytest.raises(Superseded):
            await relay_state.move(connection, state)
        await connection.close()
        async with log.consuming(recording()):
            await applied(log, 1, 2, 3)
    await zombie.relay.stop()
    sent = [
        position.id for positions in (await Topic(log).sent()).values() for position in positions if position.id > 1
    ]
    assert sorted(sent) == [2, 2, 3, 3, 4], "sent by both, applied once"


async def test_a_rewind_under_a_relay_at_work(log: Log) -> None:
    """It begins again from the start; what was applied is passed over."""
    async with relaying(log) as watched, log.consuming(recording()):
        for n in range(5):
            await log.produce(earned(n))
        await applied(log, *range(5))
        await rewind(log)
        await eventually(lambda: watched.restarts, seconds=SECONDS, what="the relay notices, also without news")
        await log.produce(earned(5))
        await applied(log, *range(6))
        await quiet(log, "gap")
    sent = [
        position.id for positions in (await Topic(log).sent()).values() for position in positions if position.id > 1
    ]
    assert sorted(sent) == [2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]


@pytest.mark.slow
async def test_the_topic_is_deleted_under_a_relay_and_a_consumer(log: Log) -> None:
    """12. The relay makes it anew; what had not been read is missed until a rewind brings it."""
    topic = Topic(log)
    async with relaying(log) as watched:
        async with log.consuming(recording()):
            await log.produce(earned(0), earned(1))
            await applied(log, 0, 1)
        await log.produce(earned(2), earned(3))
        await sent_all(log)
        await topic.delete(gone=False)
        await eventually(lambda: watched.restarts, seconds=SECONDS)
        await log.produce(earned(4))
        await sent_all(log)
        async with log.consuming(recording()):
            await log.alarmed("gap")
            assert await log.numbers() == [0, 1]
            await rewind(log)
            await applied(log, 0, 1, 2, 3, 4)
            await quiet(log, "gap")
            await topic.delete(gone=False)
            await log.produce(earned(5))
            await applied(log, 0, 1, 2, 3, 4, 5)


async def test_the_topic_of_another_log_is_refused(log: Log) -> None:
    """Two installations with one prefix, or a database made anew: neither writes into the other's history."""
    async with relaying(log):
        await log.produce(earned(1))
        await sent_all(log)
    await (await log.db("members")).pool.execute("UPDATE relay SET log = $1", uuid4())
    async with relaying(log) as stranger:
        await stranger.alarmed("topic")
        assert stranger.metric("events_total") == 0
