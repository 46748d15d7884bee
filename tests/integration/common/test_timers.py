"""Timers: each fires once, in the transaction of its effect, whoever looks; one that fails does not stop the others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from common import timers
from common.clock import VirtualClock
from common.db import Database, UnitOfWork
from common.ids import new_id
from common.testing.databases import Engines
from common.testing.waiting import eventually
from common.timers import FIRST_RETRY, LONGEST_RETRY, TimerHandler, Timers, arm, disarm, next_due

pytestmark = pytest.mark.integration

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def db(engines: Engines, log_database: str) -> AsyncIterator[Database]:
    db = Database(url=engines.url(role="orders", database=log_database), service="orders", clock=VirtualClock(START))
    await db.open()
    yield db
    await db.close()


async def move(db: Database, by: timedelta) -> None:
    assert isinstance(db.clock, VirtualClock)
    await db.clock.advance_to(db.clock.now() + by)


async def arm_at(db: Database, due_at: datetime, *, kind: str = "expire", business_id: UUID | None = None) -> UUID:
    business_id = business_id or new_id()
    async with db.transaction() as uow:
        await arm(uow, kind=kind, business_id=business_id, due_at=due_at)
    return business_id


class Fired:
    """A handler that remembers, and fails for some."""

    def __init__(self, *failing: UUID, error: Exception | None = None) -> None:
        self.ids: list[UUID] = []
        self.failing = set(failing)
        self._error = error or ValueError("not now")

    async def handle(self, uow: UnitOfWork, business_id: UUID) -> None:
        self.ids.append(business_id)
        await uow.execute(
            "INSERT INTO idempotency_key (actor, key, request_hash, created_at) VALUES ('timer', $1, '', $2)",
            str(business_id),
            uow.now,
        )
        if business_id in self.failing:
            raise self._error

    def table(self) -> Mapping[str, TimerHandler]:
        return {"expire": self.handle}


async def done(db: Database) -> list[str]:
    return [row["key"] for row in await db.fetch("SELECT key FROM idempotency_key ORDER BY key")]


async def fire_all(firing: Timers) -> int:
    count = 0
    while await firing.fire_next():
        count += 1
    return count


async def test_a_timer_fires_when_it_is_due_and_not_before(db: Database) -> None:
    fired = Fired()
    firing = Timers(db=db, handlers=fired.table())
    late = await arm_at(db, START + 2 * MINUTE)
    early = await arm_at(db, START + MINUTE)
    assert await next_due(db) == START + MINUTE
    assert await fire_all(firing) == 0
    await move(db, MINUTE)
    assert await fire_all(firing) == 1
    await move(db, MINUTE)
    assert await fire_all(firing) == 1
    assert fired.ids == [early, late]
    assert await next_due(db) is None


async def test_each_timer_fires_once_under_four_racers(db: Database) -> None:
    fired = Fired()
    ids = [await arm_at(db, START) for _ in range(40)]
    racers = [Timers(db=db, handlers=fired.table()) for _ in range(4)]
    barrier = asyncio.Barrier(4)

    async def race(racer: Timers) -> int:
        await barrier.wait()
        return await fire_all(racer)

    counts = await asyncio.gather(*(race(racer) for racer in racers))
    assert sum(counts) == 40
    assert Counter(fired.ids) == Counter(ids)
    assert await done(db) == sorted(str(id_) for id_ in ids)


async def test_a_timer_that_fails_is_put_off_longer_each_time_and_the_others_go_on(db: Database) -> None:
    broken = await arm_at(db, START)
    whole = [await arm_at(db, START + MINUTE) for _ in range(3)]
    fired = Fired(broken)
    firing = Timers(db=db, handlers=fired.table())
    await move(db, MINUTE)
    waits = []
    for _ in range(14):
        assert await firing.fire_next()
        now = db.clock.now()
        row = await db.fetchrow("SELECT due_at FROM timer WHERE business_id = $1", broken)
        assert row is not None
        waits.append(row["due_at"] - now)
        await fire_all(firing)
        await move(db, waits[-1])
    assert waits[:4] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY, 8 * FIRST_RETRY]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_RETRY
    assert await done(db) == sorted(str(id_) for id_ in whole), "nothing that failed left a trace"
    fired.failing.clear()
    assert await fire_all(firing) == 1
    assert str(broken) in await done(db)


async def test_an_outage_does_not_put_a_timer_off(db: Database) -> None:
    business_id = await arm_at(db, START)
    fired = Fired(business_id, error=ConnectionError("away"))
    firing = Timers(db=db, handlers=fired.table())
    with pytest.raises(ConnectionError):
        await firing.fire_next()
    assert await next_due(db) == START


async def test_arming_again_moves_the_timer_and_disarming_ends_it(db: Database) -> None:
    business_id = await arm_at(db, START)
    await arm_at(db, START + MINUTE, business_id=business_id)
    await arm_at(db, START + 2 * MINUTE, kind="remind", business_id=business_id)
    assert await db.fetchval("SELECT count(*) FROM timer") == 2
    async with db.transaction() as uow:
        await disarm(uow, kind="expire", business_id=business_id)
    assert await next_due(db) == START + 2 * MINUTE


async def test_a_timer_of_a_unit_of_work_that_failed_was_never_armed(db: Database) -> None:
    async def fail() -> None:
        async with db.transaction() as uow:
            await arm(uow, kind="expire", business_id=new_id(), due_at=START)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await next_due(db) is None


async def test_a_kind_that_this_version_does_not_know_waits(db: Database) -> None:
    await arm_at(db, START, kind="unknown")
    assert await fire_all(Timers(db=db, handlers=Fired().table())) == 0
    assert await next_due(db) == START


async def test_a_running_loop_fires_what_comes_due_and_wakes_when_the_clock_moves(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "POLL_SECONDS", 3600.0)
    fired = Fired()
    firing = Timers(db=db, handlers=fired.table())
    firing.start()
    first = await arm_at(db, START)
    firing.wake()
    await eventually(lambda: fired.ids == [first])
    second = await arm_at(db, START + MINUTE)
    await move(db, MINUTE)
    firing.wake()
    await eventually(lambda: fired.ids == [first, second])
    await asyncio.wait_for(firing.stop(), 10)
