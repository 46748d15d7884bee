"""14. More partitions: refused where somebody raised them alone, by the procedure without a loss, a repetition or another order."""

import asyncio
from collections import defaultdict

import pytest

from common.bus.kafka import relay_state, topics
from common.bus.kafka.raising import raise_partitions
from common.bus.kafka.relay_state import NeverRelayed, NotReady
from common.bus.lanes import LANES
from common.bus.position import Position
from common.errors import Invalid
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.lines import Said, told
from integration.bus.kafka.relays import applied, quiet, relaying, rewind, sent_all
from integration.bus.kafka.topic import Topic
from integration.bus.load import Load

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("impatient", "attentive")]

MORE = 2 * LANES


async def raised(log: Log, partitions: int = MORE, *, read_seconds: float = SECONDS) -> Position:
    """As the operator's command does."""
    return await raise_partitions(await log.db("members"), log.broker, partitions=partitions, read_seconds=read_seconds)


async def in_order(log: Log, each: int) -> None:
    """Every key has its events once, in their order."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for effect in await log.effects():
        by_key[effect.key].append(effect.number)
    assert all(numbers == list(range(each)) for numbers in by_key.values()), dict(by_key)


async def test_raised_behind_the_relays_back(log: Log, said: Said) -> None:
    """Events of a key would be in two places: the relay refuses until its own count is raised too."""
    topic = Topic(log)
    async with relaying(log), log.consuming(recording()):
        await log.produce(earned(0))
        await applied(log, 0)
        await topics.add_partitions(log.broker, topic.name, MORE)
        await log.produce(earned(1))
        await applied(log, 0, 1)
    await log.produce(earned(2))
    async with relaying(log) as watched:
        await watched.alarmed("topic")
        await told(said, f"{topic.name} has {MORE} partitions, its relay writes {LANES}", "two places")
        assert watched.metric("events_total") == 0
    async with log.consuming(recording()):
        await raised(log)
        async with relaying(log):
            await applied(log, 0, 1, 2)


async def test_by_the_procedure_order_is_kept(log: Log) -> None:
    keys, each = 30, 6
    async with log.consuming(recording()):
        async with relaying(log):
            for n in range(3):
                await log.produce(*(earned(n, key=key) for key in range(keys)))
            await sent_all(log)
        for n in range(3, 5):  # nobody stops telling
            await log.produce(*(earned(n, key=key) for key in range(keys)))
        await raised(log)
        async with relaying(log):
            await log.produce(*(earned(5, key=key) for key in range(keys)))
            await log.scanned()
            await rewind(log)
            await sent_all(log)
            await log.scanned()
            await quiet(log, "gap")
    assert len(await log.effects()) == keys * each
    await in_order(log, each)
    sent = await Topic(log).sent()
    assert len(sent) == MORE
    assert any(sent[number] for number in range(LANES, MORE))


async def test_a_new_group_reads_across_the_raise(log: Log) -> None:
    """It has both halves before it; that their order is another is what the procedure waits for, for those who are there."""
    async with relaying(log):
        await log.produce(*(earned(0, key=key) for key in range(30)))
        await sent_all(log)
    await raised(log)
    async with relaying(log), log.consuming(recording(), accept_missing_history=False):
        await log.produce(*(earned(1, key=key) for key in range(30)))
        await log.scanned()
        assert len(await log.effects()) == 60


async def test_time_is_complete_in_partitions_that_have_no_events_yet(log: Log) -> None:
    """Each has heartbeats from the start, else no lane would know its time."""
    times: list[object] = []

    async def on_progress(to: dict[str, object]) -> None:
        times.append(to["members"])

    async with relaying(log), log.consuming(recording()):
        await log.produce(earned(0))
        await applied(log, 0)
    await raised_after_reading(log)
    async with relaying(log), log.consuming(recording(), on_progress=on_progress):
        await eventually(lambda: times and times[-1], seconds=SECONDS, what="time is complete")


async def raised_after_reading(log: Log) -> None:
    async with log.consuming(recording()):
        await raised(log)


async def test_not_while_a_relay_is_alive(log: Log) -> None:
    async with relaying(log) as watched:
        await watched.leads()
        with pytest.raises(NotReady, match="stop every one of them"):
            await raised(log)


async def test_not_while_somebody_has_not_read_everything(log: Log) -> None:
    async with relaying(log):
        async with log.consuming(recording()):
            await log.produce(earned(0))
            await applied(log, 0)
            await asyncio.sleep(0)
            await eventually(lambda: _shown(log), seconds=SECONDS, what="the group has shown where it is")
        await log.produce(earned(1))
        await sent_all(log)
    with pytest.raises(NotReady, match=r"let the workers finish \(.*lifecycle: "):
        await raised(log, read_seconds=0)
    async with log.consuming(recording()):
        await raised(log)


async def _shown(log: Log) -> bool:
    async with topics.administering(log.broker) as admin:
        return bool(await admin.list_consumer_group_offsets(log.broker.group("lifecycle")))


async def test_not_while_more_was_sent_than_is_noted(log: Log) -> None:
    """A relay that was killed after it had sent would send it again, to other partitions."""
    async with log.consuming(recording()):
        async with relaying(log):
            await log.produce(earned(0))
            await applied(log, 0)
            db = await log.db("members")
            noted = await db.fetchrow("SELECT generation, id, event_id, tails FROM relay")
            assert noted is not None
            await log.produce(earned(1))
            await applied(log, 0, 1)
        await db.pool.execute("UPDATE relay SET id = $1, event_id = $2, tails = $3", *list(noted)[1:])
        with pytest.raises(NotReady, match="start it until it has caught up"):
            await raised(log)
        async with relaying(log):
            await sent_all(log)
            await rewind(log)
        with pytest.raises(NotReady, match="start it until it has caught up"):
            await raised(log)
        async with relaying(log):
            await sent_all(log)
        await raised(log)
        async with relaying(log):
            await log.produce(earned(2))
            await applied(log, 0, 1, 2)


async def test_it_goes_on_where_it_was_interrupted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ConnectionError("killed here")

    async with log.consuming(recording()):
        async with relaying(log):
            await log.produce(earned(0))
            await applied(log, 0)
        with monkeypatch.context() as patched:
            patched.setattr(relay_state, "spread", fail)
            with pytest.raises(ConnectionError):
                await raised(log)
        await raised(log)
        await raised(log)
        async with relaying(log):
            await log.produce(earned(1))
            await applied(log, 0, 1)


async def test_counts_that_cannot_be(log: Log) -> None:
    with pytest.raises(NeverRelayed):
        await raised(log)
    async with relaying(log):
        await log.produce(earned(0))
        await sent_all(log)
    for count in (0, 1, LANES + 1, -LANES):
        with pytest.raises(Invalid, match=r"12 or a multiple"):
            await raised(log, count)
    await raised(log)
    with pytest.raises(Invalid, match="there can only be more"):
        await raised(log, LANES)


async def told_more(load: Load) -> None:
    before = load.confirmed
    await eventually(lambda: load.confirmed > before + 100, seconds=SECONDS)


@pytest.mark.slow
async def test_again_and_again_under_load(log: Log) -> None:
    async with log.consuming(recording()), Load(log, seed=14, keys=8) as load:
        for factor in (2, 3, 5):
            async with relaying(log):
                await told_more(load)
                await sent_all(log)
            await raised(log, factor * LANES)
        async with relaying(log):
            await load.stop()
            await log.scanned()
            await rewind(log)
            await sent_all(log)
            await log.scanned()
    await load.check()
