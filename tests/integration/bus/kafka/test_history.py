"""Events that nobody has any more, in the topic or in the outbox: never passed over unseen, given up only by a person."""

import pytest

from common.bus.kafka.decisions import accept_gap
from common.testing.waiting import eventually
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import applied, quiet, relaying, rewind, sent_all
from integration.bus.kafka.topic import Topic

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("attentive")]


async def read_and_left(log: Log, *, read: int, left: int) -> None:
    """A group has applied the first of these events; the others are in the topic, and it is away."""
    async with relaying(log):
        async with log.consuming(recording()):
            await log.produce(*(earned(n) for n in range(read)))
            await applied(log, *range(read))
        await log.produce(*(earned(n) for n in range(read, read + left)))
        await sent_all(log)


async def prune(log: Log, *, keep: int) -> None:
    """Let the outbox forget all but so many of its last events, as retention does."""
    db = await log.db("members")
    kept = (await log.events())[-keep:] if keep else []
    floor = await db.fetchrow(
        "SELECT generation, id FROM outbox WHERE id < $1 ORDER BY generation DESC, id DESC LIMIT 1",
        kept[0]["id"] if kept else 2**60,
    )
    assert floor is not None
    await db.pool.execute("DELETE FROM outbox WHERE id <= $1", floor["id"])
    await db.pool.execute("UPDATE log_floor SET generation = $1, id = $2", floor["generation"], floor["id"])


async def test_retention_ate_what_was_not_read_and_the_outbox_has_it(log: Log) -> None:
    topic = Topic(log)
    await read_and_left(log, read=2, left=3)
    await topic.forget(await topic.ends())
    async with relaying(log), log.consuming(recording()):
        await log.alarmed("gap")
        await log.produce(earned(5))
        assert await log.numbers() == [0, 1]
        await rewind(log)
        await applied(log, *range(6))
        await quiet(log, "gap")


async def test_retention_ate_part_of_what_was_not_read(log: Log) -> None:
    """What is left behind the hole waits, too."""
    topic = Topic(log)
    await read_and_left(log, read=2, left=2)
    await topic.forget(await topic.ends())
    async with relaying(log), log.consuming(recording()):
        await log.produce(earned(4), earned(5, key=1))
        await log.alarmed("gap")
        await applied(log, 0, 1, 5)
        await rewind(log)
        await applied(log, 0, 1, 5, 2, 3, 4)


async def test_what_nobody_has_any_more_is_given_up_by_a_person(log: Log) -> None:
    """A rewind brings what the outbox has; what it has not is named, and gone without after a last look at the topic."""
    topic = Topic(log)
    await read_and_left(log, read=2, left=3)
    await topic.forget(await topic.ends())
    await prune(log, keep=1)
    async with relaying(log), log.consuming(recording()):
        await log.alarmed("gap")
        await rewind(log)
        await log.produce(earned(5))
        await sent_all(log)
        assert await log.numbers() == [0, 1], "a rewind does not bring what the outbox has not"
        decided = await accept_gap(await log.db(), "members")
        await applied(log, 0, 1, 4, 5)
        await quiet(log, "gap")
    assert len(decided) == 1
    assert "will not be handled" in next(iter(decided.values()))


async def test_giving_up_finds_what_has_come_meanwhile(log: Log) -> None:
    topic = Topic(log)
    await read_and_left(log, read=2, left=3)
    await topic.forget(await topic.ends())
    async with relaying(log):
        async with log.consuming(recording()):
            await log.alarmed("gap")
        await accept_gap(await log.db(), "members")
        await rewind(log)
        await sent_all(log)
        async with log.consuming(recording()):
            await applied(log, *range(5))


async def test_the_outbox_was_pruned_before_its_relay_had_sent_it(log: Log) -> None:
    """The relay stands still and rings; by a rewind it goes on from what is left, and every group sees what is missing."""
    await read_and_left(log, read=2, left=0)
    await log.produce(*(earned(n) for n in range(2, 6)))
    await prune(log, keep=2)
    async with relaying(log) as watched, log.consuming(recording()):
        await watched.alarmed("history_lost")
        assert await log.numbers() == [0, 1]
        await rewind(log)
        await log.alarmed("gap")
        await eventually(lambda: not watched.metric("alarm", kind="history_lost"), seconds=SECONDS)
        await accept_gap(await log.db(), "members")
        await applied(log, 0, 1, 4, 5)


async def test_a_new_group_after_retention(log: Log) -> None:
    """It is told that the beginning is gone, and begins there only when it may."""
    topic = Topic(log)
    await log.produce(earned(0), earned(1))
    async with relaying(log):
        await sent_all(log)
        await topic.forget(await topic.ends())
        await log.produce(earned(2))
        async with log.consuming(recording(), accept_missing_history=False):
            await log.alarmed("history_lost")
            assert await log.numbers() == []
        async with log.consuming(recording()):
            await applied(log, 2)
