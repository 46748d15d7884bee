"""A producer whose history is no longer the one that was read: seen, told, and gone on from by an operator's word."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from common.bus.records import Handlers, Received
from common.contracts.engagement import CheckinRecorded
from common.contracts.members import PointsEarned
from common.db import UnitOfWork
from common.testing.databases import Engines
from common.testing.waiting import eventually
from integration.bus.apart import Apart
from integration.bus.effects import checkin, earned, record, recording
from integration.bus.harness import SECONDS, Log

pytestmark = pytest.mark.integration


@pytest.fixture
async def apart(engines: Engines, bus_template: str) -> AsyncIterator[Apart]:
    apart = Apart(engines, template=bus_template, source="members")
    await apart.create()
    yield apart
    await apart.drop()


async def read_by(apart: Apart, *numbers: int) -> None:
    """Wait until the group has applied these, in this order."""

    async def applied() -> bool:
        return await apart.group.numbers() == list(numbers)

    await eventually(applied, seconds=SECONDS, what=f"applied {numbers}")


async def cleared(log: Log) -> None:
    await eventually(lambda: not log.metric("log_alarm", producer="members", kind="fork"), seconds=SECONDS)


async def test_a_producer_restored_behind_its_consumers(apart: Apart) -> None:
    """6. Alarm and stop; other producers go on; after the operator's word the survivors are applied, the ghosts known."""
    producer, group = apart.producer, apart.group
    async with apart.consuming(recording(PointsEarned, CheckinRecorded)):
        await producer.produce(*(earned(n) for n in range(5)))
        await apart.copy("backup")
        ghosts = await producer.produce(*(earned(n) for n in range(5, 8)))
        await read_by(apart, *range(8))
        await apart.switch("backup")
        await producer.produce(earned(20), earned(21))
        await group.alarmed("fork")
        await group.produce(checkin(100))
        await read_by(apart, *range(8), 100)
        assert group.metric("log_alarm", producer="engagement", kind="fork") == 0
        assert "STOPPED, Forked" in await apart.describe_log()
        before, after = await apart.accept_fork()
        await read_by(apart, *range(8), 100, 20, 21)
        await cleared(group)
    assert "STOPPED" not in await apart.describe_log()
    assert (before.id, after.position.id) == (9, 6), "the generation's marker, then five events, then three ghosts"
    survived = {row["event_id"] for row in await producer.events()}
    applied = {effect.event_id for effect in await group.effects() if effect.number != 100}
    assert applied - survived == set(ghosts)
    assert survived <= applied


async def test_failing_over_and_back_loses_nothing_that_was_never_read(apart: Apart) -> None:
    """The first server has events that the group has not read, and are below what it has read of the second."""
    producer = apart.producer
    async with apart.consuming(recording()):
        await producer.produce(earned(1), earned(2))
        await read_by(apart, 1, 2)
    await apart.copy("standby")
    await producer.produce(earned(3), earned(4))
    await apart.switch("standby", aside="first")
    await producer.produce(earned(5))
    async with apart.consuming(recording()):
        await read_by(apart, 1, 2, 5)
        await apart.switch("first", aside="second")
        await apart.group.alarmed("fork")
        await producer.produce(earned(6))
        await apart.accept_fork()
        await read_by(apart, 1, 2, 5, 3, 4, 6)
        await cleared(apart.group)


async def test_ghosts_that_come_back_are_not_applied_again(apart: Apart) -> None:
    producer = apart.producer
    async with apart.consuming(recording()):
        await producer.produce(earned(1))
        await apart.copy("standby")
        await producer.produce(earned(2))
        await read_by(apart, 1, 2)
        await apart.switch("standby", aside="first")
        await producer.produce(earned(3))
        await apart.group.alarmed("fork")
        await apart.accept_fork()
        await read_by(apart, 1, 2, 3)
        await cleared(apart.group)
        await apart.switch("first", aside="second")
        await producer.produce(earned(4))
        await apart.group.alarmed("fork")
        await apart.accept_fork()
        await read_by(apart, 1, 2, 3, 4)


async def test_ghosts_that_come_back_before_anything_else_was_read(apart: Apart) -> None:
    """The cursor was set back, the way it came is open again: what was applied is passed over."""
    producer = apart.producer
    async with apart.consuming(recording()):
        await producer.produce(earned(1))
        await apart.copy("standby")
        await producer.produce(earned(2))
        await read_by(apart, 1, 2)
    await apart.switch("standby", aside="first")
    await apart.accept_fork()
    await apart.switch("first", aside="second")
    await producer.produce(earned(3))
    async with apart.consuming(recording()):
        await read_by(apart, 1, 2, 3)


async def test_a_fork_is_seen_without_news_before_time_is_said_to_be_complete(apart: Apart) -> None:
    producer = apart.producer
    await producer.produce(earned(1))
    await apart.copy("behind")
    await producer.produce(earned(2))
    async with apart.consuming(recording()):
        await read_by(apart, 1, 2)
    await apart.switch("behind")
    await (await producer.db("members")).prepare_log()
    times: list[datetime | None] = []

    async def on_progress(to: Any) -> None:
        times.append(to["members"])

    sources = {"members": producer.url("members")}
    async with apart.group.consuming(recording(), sources=sources, on_progress=on_progress):
        await apart.group.alarmed("fork")
    assert set(times) == {None}


async def test_a_consumer_restored_says_the_same_again(engines: Engines, bus_template: str) -> None:
    """23. What it told after the backup it tells again, under the same ids: who gives by id gives once."""
    apart = Apart(engines, template=bus_template, source="members")
    await apart.create()
    middle, last = apart.producer, apart.group

    async def give(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        for item in received:
            uow.append(earned(item.event.streak, key=item.event.streak), cause=item.envelope)

    async def take(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        ids = [item.envelope.id for item in received]
        known = {
            row["event_id"] for row in await uow.fetch("SELECT event_id FROM effect WHERE event_id = ANY($1)", ids)
        }
        await record(uow, [item for item in received if item.envelope.id not in known])

    async def middle_handles() -> None:
        sources = {"engagement": last.url("engagement")}
        handlers = Handlers({CheckinRecorded: give})
        async with middle.consuming(handlers, db=await middle.db("members"), sources=sources, woken=False):
            head = await last.head("engagement")

            async def caught_up() -> bool:
                row = await (await middle.db("members")).fetchrow("SELECT generation, id FROM log_cursor")
                return row is not None and (row["generation"], row["id"]) == (head.generation, head.id)

            await eventually(caught_up, seconds=SECONDS)

    try:
        await last.produce(checkin(1), checkin(2))
        await middle_handles()
        await apart.copy("backup")
        await last.produce(checkin(3), checkin(4))
        await middle_handles()
        told = [row["event_id"] for row in await middle.events()]
        async with apart.consuming(Handlers({PointsEarned: take})):
            await read_by(apart, 1, 2, 3, 4)
            await apart.switch("backup")
            await middle_handles()
            assert [row["event_id"] for row in await middle.events()] == told
            await last.alarmed("fork")
            await apart.accept_fork()
            await last.produce(checkin(5))
            await middle_handles()
            await read_by(apart, 1, 2, 3, 4, 5)
    finally:
        await apart.drop()
