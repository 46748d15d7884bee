"""Logs that no relay writes but a broker can leave behind: whatever comes, each event is applied once, in order."""

import pytest

from common.bus.kafka.wire import Outgoing
from common.testing.waiting import eventually
from integration.bus.effects import recording
from integration.bus.harness import SECONDS, Log
from integration.bus.kafka.relays import applied, quiet
from integration.bus.kafka.topic import ANOTHER, GENERATION, PARTITION, Topic, beat, told

pytestmark = pytest.mark.integration


@pytest.fixture
async def topic(log: Log) -> Topic:
    topic = Topic(log)
    await topic.create()
    return topic


async def read_to(log: Log, offset: int, *, partition: int = PARTITION) -> None:
    """Wait until so much of the partition is judged, and what was decided is stored."""

    async def there() -> bool:
        db = await log.db()
        found = await db.fetchval("SELECT next_offset FROM log_offset WHERE partition = $1", partition)
        return found is not None and found >= offset

    await eventually(there, seconds=SECONDS, what=f"read up to offset {offset}")


async def test_the_first_batch_was_refused_and_the_next_accepted_before_all_came_again(log: Log, topic: Topic) -> None:
    """10. As a client with several batches on their way leaves it: 1, 4, 5, then 2 to 5."""
    await topic.write(told(1), told(4), told(5), told(2), told(3), told(4), told(5))
    async with log.consuming(recording()):
        await applied(log, 1, 2, 3, 4, 5)
        await topic.write(told(6))
        await applied(log, 1, 2, 3, 4, 5, 6)
    assert not log.metric("log_alarm", producer="members", kind="gap")


async def test_what_comes_again_is_passed_over_however_often(log: Log, topic: Topic) -> None:
    async with log.consuming(recording()):
        for _ in range(3):
            await topic.write(told(1), told(2), told(2), told(1), told(3))
        await topic.write(told(4))
        await applied(log, 1, 2, 3, 4)


async def test_a_gap_that_stays_is_told_and_healed_by_what_comes_later(log: Log, topic: Topic) -> None:
    await topic.write(told(1), told(3), told(4), beat(4))
    async with log.consuming(recording()):
        await log.alarmed("gap")
        assert await log.numbers() == [1], "nothing behind a gap is applied"
        await topic.write(told(2))
        await topic.write(told(3), told(4))
        await applied(log, 1, 2, 3, 4)
        await eventually(lambda: not log.metric("log_alarm", producer="members", kind="gap"), seconds=SECONDS)


async def test_a_heartbeat_alone_shows_what_is_missing(log: Log, topic: Topic) -> None:
    """13, in small: the last events of a partition are lost and nobody tells anything."""
    await topic.write(told(1), beat(1))
    async with log.consuming(recording()):
        await applied(log, 1)
        await topic.write(beat(3))
        await log.alarmed("gap")
        await topic.write(told(2), told(3))
        await applied(log, 1, 2, 3)


async def test_a_relay_that_goes_on_with_a_history_that_was_left_is_told_of(log: Log, topic: Topic) -> None:
    """A server that failed over and back without a restart: nothing that it tells would ever be applied."""
    new = told(1), later(2, after=1), later_beat(2)
    async with log.consuming(recording()):
        await topic.write(*new)
        await applied(log, 1, 2)
        await topic.write(told(2), told(3), beat(3))
        await log.alarmed("fork")
        await topic.write(later(3), later_beat(3))
        await applied(log, 1, 2, 3)
        await quiet(log, "fork")


def later(number: int, *, after: int | None = None) -> Outgoing:
    """In the next generation; `after`: what it follows in the one before."""
    record = told(number)
    prev = b"%d/%d" % ((GENERATION, after) if after is not None else (GENERATION + 1, number - 1))
    record.headers[1:3] = [("position", b"%d/%d" % (GENERATION + 1, number)), ("prev", prev)]
    return record


def later_beat(number: int) -> Outgoing:
    record = beat(number)
    record.headers[1] = ("position", b"%d/%d" % (GENERATION + 1, number))
    return record


async def test_records_of_another_log_stop_the_partition(log: Log, topic: Topic) -> None:
    await topic.write(told(1), told(2, log=ANOTHER), told(2))
    async with log.consuming(recording()):
        await log.alarmed("foreign")
        assert await log.numbers() == [1]


async def test_what_no_relay_wrote_is_counted_and_passed_over(log: Log, topic: Topic) -> None:
    strange = told(1)
    strange.headers.clear()
    cut = told(1)
    cut.headers[1] = ("position", b"1/")
    await topic.write(strange, cut, told(1))
    async with log.consuming(recording()):
        await applied(log, 1)
        await topic.write(strange, told(2))
        await applied(log, 1, 2)
    assert log.metric("log_foreign_records_total", producer="members") >= 3, "what is read again is counted again"
    assert await log.letters() == []


@pytest.mark.parametrize("offset", [3, 4, 8, 1_000], ids=["below", "at", "above", "far above"])
async def test_a_topic_made_anew_while_its_reader_was_away(log: Log, topic: Topic, offset: int) -> None:
    """12. The stored offset is below, at or above the end of the new topic; what is in it is found in any case."""
    await topic.write(told(1), told(2))
    async with log.consuming(recording()):
        await applied(log, 1, 2)
        await read_to(log, 2)
    await topic.delete()
    await topic.create()
    await topic.write(told(3), told(4), told(5), told(6))
    await (await log.db()).pool.execute(
        "UPDATE log_offset SET next_offset = $1 WHERE partition = $2", offset, PARTITION
    )
    async with log.consuming(recording()):
        await topic.write(beat(6))
        await applied(log, 1, 2, 3, 4, 5, 6)
        await eventually(lambda: not log.metric("log_alarm", producer="members", kind="gap"), seconds=SECONDS)


async def test_a_topic_made_anew_without_what_was_not_read(log: Log, topic: Topic) -> None:
    """12. What was thrown away with the topic is missed, not skipped."""
    await topic.write(told(1), told(2))
    async with log.consuming(recording()):
        await applied(log, 1, 2)
        await read_to(log, 2)
    await topic.delete()
    await topic.create()
    await topic.write(told(5), told(6), told(7))
    async with log.consuming(recording()):
        await log.alarmed("gap")
        assert await log.numbers() == [1, 2]
        await topic.write(told(3), told(4), told(5), told(6), told(7))
        await applied(log, 1, 2, 3, 4, 5, 6, 7)


async def test_a_group_that_begins_where_history_is_gone(log: Log, topic: Topic) -> None:
    await topic.write(told(5), told(6))
    async with log.consuming(recording(), accept_missing_history=False):
        await log.alarmed("history_lost")
        assert await log.numbers() == []
    async with log.consuming(recording(), accept_missing_history=True):
        await applied(log, 5, 6)


async def test_a_group_that_begins_at_the_start_needs_no_permission(log: Log, topic: Topic) -> None:
    await topic.write(beat(0), told(1, after=0))
    async with log.consuming(recording(), accept_missing_history=False):
        await applied(log, 1)
