"""The virtual clock that processes share: it moves only while no unit of work is open in any of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from common.db import Database
from common.shared_clock import ClockLost, SharedClock, following, provision_clock
from common.testing.databases import PASSWORD, Engines, role_url
from common.testing.waiting import eventually

pytestmark = pytest.mark.integration

START = datetime(2017, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROLE = "clock"
Opening = Callable[[], Awaitable[SharedClock]]


@pytest.fixture
async def url(engines: Engines, log_database: str) -> str:
    connection = await asyncpg.connect(engines.postgres_url, database=log_database)
    await provision_clock(connection, role=ROLE, password=PASSWORD, start=START)
    await connection.close()
    return role_url(engines.postgres_url, role=ROLE, password=PASSWORD, database=log_database)


@pytest.fixture
async def opened(url: str) -> AsyncIterator[Opening]:
    """A clock as each process has one."""
    clocks: list[SharedClock] = []

    async def open_one() -> SharedClock:
        clocks.append(SharedClock(url, application=f"test{len(clocks)}"))
        await clocks[-1].open()
        return clocks[-1]

    yield open_one
    for clock in clocks:
        await clock.close()


async def waiting_for_lock(engines: Engines, database: str) -> int:
    connection = await asyncpg.connect(engines.postgres_url, database=database)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    finally:
        await connection.close()
    return count


async def test_it_stands_where_it_was_made_and_goes_on_where_it_stood(
    url: str, opened: Opening, engines: Engines, log_database: str
) -> None:
    clock = await opened()
    assert clock.now() == clock.log_time() == START
    await clock.advance_to(START + HOUR)
    connection = await asyncpg.connect(engines.postgres_url, database=log_database)
    await provision_clock(connection, role=ROLE, password=PASSWORD, start=START)
    await connection.close()
    assert (await opened()).now() == START + HOUR
    with pytest.raises(ValueError, match="does not go back"):
        await clock.advance_to(START)


async def test_a_move_is_heard_by_every_process_and_wakes_it(opened: Opening) -> None:
    driver, other = await opened(), await opened()
    woken: list[datetime] = []
    other.on_move(lambda: woken.append(other.now()))
    await driver.advance_to(START + HOUR)
    await eventually(lambda: woken == [START + HOUR])


async def test_who_is_nudged_is_called_and_nobody_else(opened: Opening) -> None:
    driver, other = await opened(), await opened()
    called: list[str] = []
    other.on_move(lambda: called.append("moved"))
    await other.on_nudge("orders", lambda: called.append("orders"))
    await other.on_nudge("members", lambda: called.append("members"))
    await driver.nudge("members")
    await driver.nudge("orders")
    await eventually(lambda: called == ["members", "orders"])


async def test_a_move_waits_for_what_is_open_in_any_process(
    opened: Opening, engines: Engines, log_database: str
) -> None:
    """Also for what is open in the process that drives; and who comes while it waits, comes after it."""
    driver, other = await opened(), await opened()
    async with other.hold():
        async with driver.hold(), other.hold():
            move = asyncio.create_task(driver.advance_to(START + HOUR))
            await eventually(lambda: waiting_for_lock(engines, log_database))
        assert other.now() == START
        assert not move.done()
    await move
    async with other.hold(), driver.hold():
        assert other.now() == driver.now() == START + HOUR


async def test_now_is_exact_inside_a_unit_of_work_whatever_was_heard(opened: Opening) -> None:
    """No two processes are inside at different moments, though nobody waits for the news."""
    driver, *others = [await opened() for _ in range(4)]
    inside: dict[int, datetime] = {}
    done = asyncio.Event()

    async def work(number: int, clock: SharedClock) -> int:
        rounds = 0
        while not done.is_set():
            async with clock.hold():
                inside[number] = clock.now()
                await asyncio.sleep(0)
                assert set(inside.values()) == {clock.now()}
                rounds += 1
                del inside[number]
            await asyncio.sleep(0)
        return rounds

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(number, clock)) for number, clock in enumerate(others)]
        for n in range(1, 101):
            await driver.advance_to(START + n * HOUR)
        done.set()
    assert all(task.result() for task in tasks)


async def test_the_lock_of_a_process_that_died_goes_with_its_connection(
    opened: Opening, engines: Engines, log_database: str
) -> None:
    driver, other = await opened(), await opened()
    async with other.hold():
        move = asyncio.create_task(driver.advance_to(START + HOUR))
        await eventually(lambda: waiting_for_lock(engines, log_database))
        await other.close()
        await asyncio.wait_for(move, 30)


async def test_who_is_cancelled_while_waiting_lets_go(opened: Opening, engines: Engines, log_database: str) -> None:
    driver, other, third = await opened(), await opened(), await opened()

    async def enter() -> None:
        async with third.hold():
            raise AssertionError("it was let in while the clock was about to move")

    async with other.hold():
        move = asyncio.create_task(driver.advance_to(START + HOUR))
        await eventually(lambda: waiting_for_lock(engines, log_database))
        entering = asyncio.create_task(enter())
        await asyncio.sleep(0)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
    await move
    await asyncio.wait_for(driver.advance_to(START + 2 * HOUR), 30)


async def test_a_lost_connection_ends_the_process_and_appends_nothing_more(
    url: str, engines: Engines, log_database: str
) -> None:
    cutting: list[asyncio.Task[None]] = []

    async def live() -> None:
        async with following(url, application="lost") as clock:
            db = Database(url=engines.url(role="members", database=log_database), service="members", clock=clock)
            await db.open()
            try:
                async with db.transaction():
                    cutting.append(asyncio.create_task(cut(engines, log_database)))
                    await eventually(lambda: clock.lost)
            finally:
                with pytest.raises(ClockLost):
                    clock.log_time()
                await db.close()

    with pytest.raises(ClockLost, match="CLOCK"):
        await live()
    await asyncio.gather(*cutting)


async def cut(engines: Engines, database: str) -> None:
    connection = await asyncpg.connect(engines.postgres_url, database=database)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'huitou.lost.clock'"
    )
    await connection.close()


async def test_a_database_without_a_clock_is_named(engines: Engines, log_database: str) -> None:
    clock = SharedClock(engines.url(role="members", database=log_database), application="test")
    with pytest.raises(ClockLost, match="CLOCK names a database without a virtual clock"):
        await clock.open()
