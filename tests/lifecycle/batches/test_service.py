"""Laws 1 and 4 on real rows: the same input gives the same, however it is cut into batches and whatever is interrupted."""

import asyncio
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.bus.records import Received
from common.contracts.event import Event
from common.contracts.orders import OrderConfirmed
from common.db import Database, UnitOfWork
from factories.lifecycle import (
    DAY,
    HOUR,
    START,
    Life,
    chatted,
    checked_in,
    member,
    ordered,
    read,
    registered,
    voided,
)
from factories.lifecycle_rows import check, forget, rows, settled_rows

pytestmark = pytest.mark.integration

END = START + 200 * DAY
Feed = list[Received[Any]]

a_few_times = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def feed(seed: int, *, events: int = 60, members: int = 6, days: int = 90) -> Feed:
    """Events of a few members in the order in which they were appended, some of them told late."""
    random = Random(seed)
    moments = sorted(START + random.random() * days * DAY for _ in range(events))
    told: Feed = []
    orders: list[OrderConfirmed] = []
    for number, at in enumerate(moments, 1):
        who = member(random.randrange(members))
        made: list[Event] = [registered(who, at), ordered(who, at), chatted(who), chatted(who), checked_in(who)]
        event = random.choice(made)
        if orders and random.random() < 0.05:
            event = voided(orders.pop(), at)
        if isinstance(event, OrderConfirmed):
            orders.append(event)
        own_time = at - random.choice([0, 0, 0, 5, 60]) * HOUR
        told.append(read(event, at, number=number, own_time=own_time))
    return told


def cut(events: Feed, sizes: list[int]) -> list[Feed]:
    batches, sizes = [], list(sizes)
    while events:
        size = sizes.pop() if sizes else len(events)
        batches.append(events[:size])
        events = events[size:]
    return batches


def complete_to(unread: Feed) -> datetime:
    return min((each.appended_at for each in unread), default=END) - HOUR / 3600


@a_few_times
@given(seed=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 15), max_size=20))
async def test_any_batches_give_the_same_bytes(life: Life, seed: int, sizes: list[int]) -> None:
    events = feed(seed)
    histories = []
    for batches in ([events], cut(events, sizes)):
        await forget(life.service.db)
        await life.tick(END)  # nothing is unread: no event has to wait
        for batch in batches:
            await life.hand_over(batch)
        await check(life.service.db)
        histories.append(await rows(life.service.db))
    assert histories[0] == histories[1]


@a_few_times
@given(seed=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 15), max_size=20))
async def test_ticks_between_them_change_nothing(life: Life, seed: int, sizes: list[int]) -> None:
    """Without a watermark at first, so that what would overtake something due waits, and is stepped when it may be."""
    events = feed(seed)
    await forget(life.service.db)
    await life.tick(END)
    await life.hand_over(events)
    await life.tick(END)
    straight = await settled_rows(life.service.db)

    await forget(life.service.db)
    unread = list(events)
    for batch in cut(events, sizes):
        await life.hand_over(batch)
        unread = unread[len(batch) :]
        if Random(len(unread)).random() < 0.7:
            await life.tick(complete_to(unread))
        await check(life.service.db)
    await life.tick(END)
    assert await settled_rows(life.service.db) == straight


class Outage(ConnectionError):
    pass


async def test_an_outage_at_any_statement_leaves_nothing_behind(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = feed(3)[:40], feed(3)[40:]
    await life.tick(START + 75 * DAY)  # some of the second wait, some do not
    await life.hand_over(first)
    before = await rows(life.service.db)
    left = 0

    def failing(kind: type, name: str) -> None:
        original = getattr(kind, name)

        async def run(self: object, *args: object) -> object:
            nonlocal left
            left -= 1
            if not left:
                raise Outage
            return await original(self, *args)

        monkeypatch.setattr(kind, name, run)

    failing(UnitOfWork, "fetch")
    failing(UnitOfWork, "execute")
    failing(Database, "_append")
    statements = 1
    while True:
        left = statements
        try:
            await life.hand_over(second)
            break
        except Outage:
            assert await rows(life.service.db) == before
            statements += 1
    left = 0  # nothing fails any more
    assert statements > 11
    interrupted = await rows(life.service.db)
    await forget(life.service.db)
    await life.tick(START + 75 * DAY)
    await life.hand_over(first)
    await life.hand_over(second)
    assert interrupted == await rows(life.service.db)


async def test_batches_and_ticks_at_once_keep_every_count(life: Life) -> None:
    """What races waits for the lane; a count that was moved by what was read before would be wrong."""
    events = feed(11, events=300, members=40, days=40)

    async def ticking() -> None:
        for day in range(1, 41):
            await life.tick(START + day * DAY)

    async def reading() -> None:
        for batch in cut(events, [20] * 20):
            await life.hand_over(batch)

    await asyncio.gather(reading(), ticking(), ticking(), ticking())
    await life.tick(END)
    await check(life.service.db)
    assert not (await rows(life.service.db))["waiting"]
