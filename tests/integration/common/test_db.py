"""The unit of work: all of it or nothing, its events too; and a pool that stays whole whatever happens to those who use it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import column, select, table

import common.db
from common.clock import SystemClock
from common.contracts.envelope import Envelope, decode
from common.contracts.event import Event
from common.contracts.members import PointsEarned, ProfileChanged
from common.db import Database, UnitOfWork, compile_query
from common.errors import Unavailable
from common.ids import new_id
from common.testing.databases import Engines

pytestmark = pytest.mark.integration

MEMBER = UUID(int=1)


@pytest.fixture
async def db(engines: Engines, log_database: str) -> AsyncIterator[Database]:
    db = Database(
        url=engines.url(role="members", database=log_database),
        service="members",
        clock=SystemClock(),
        maximum_connections=5,
    )
    await db.open()
    async with db.transaction() as uow:
        await uow.execute("CREATE TABLE thing (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    await db.prepare_log()
    yield db
    await db.close()


def earned(points: int) -> PointsEarned:
    return PointsEarned(entry_id=new_id(), member_id=MEMBER, points=points, balance=0, reason="test")


async def told(db: Database) -> list[Event]:
    rows = await db.fetch("SELECT envelope FROM outbox WHERE type NOT LIKE '%log.%' ORDER BY generation, id")
    return [decode(row["envelope"])[1] for row in rows]


async def points(db: Database) -> list[int]:
    return [event.points for event in await told(db) if isinstance(event, PointsEarned)]


async def things(db: Database) -> list[int]:
    return [row["n"] for row in await db.fetch("SELECT n FROM thing ORDER BY n")]


async def test_state_and_events_are_there_together_in_order(db: Database) -> None:
    async with db.transaction() as uow:
        uow.append(earned(1))
        assert await uow.execute("INSERT INTO thing SELECT * FROM generate_series(1, 3)") == 3
        uow.append(earned(2))
        assert await told(db) == []
    assert (await things(db), await points(db)) == ([1, 2, 3], [1, 2])


class Undone(Exception):
    pass


async def test_a_rollback_tells_nothing(db: Database) -> None:
    calls: list[int] = []
    watched = Database(url=db._url, service="members", clock=SystemClock(), on_append=calls.append)
    await watched.open()

    async def fail() -> None:
        async with watched.transaction() as uow:
            await uow.execute("INSERT INTO thing VALUES (1)")
            uow.append(earned(1))
            raise Undone

    with pytest.raises(Undone):
        await fail()
    assert (await things(db), await points(db), calls) == ([], [], [])
    async with watched.transaction() as uow:
        uow.append(earned(2))
        uow.append(earned(3))
    assert calls == [2]
    await watched.close()


async def test_a_commit_that_fails_tells_nothing(db: Database) -> None:
    """A deferred constraint speaks only at the commit, after the events were written."""

    async def fail() -> None:
        async with db.transaction() as uow:
            await uow.execute("INSERT INTO thing VALUES (1), (1)")
            uow.append(earned(1))

    with pytest.raises(asyncpg.UniqueViolationError):
        await fail()
    assert (await things(db), await points(db)) == ([], [])


async def test_a_savepoint_undoes_its_rows_and_its_events(db: Database) -> None:
    cause = decode(await caused_by(db))[0]
    async with db.transaction() as uow:
        await uow.execute("INSERT INTO thing VALUES (1)")
        uow.append(earned(1))
        first = uow.append(earned(7), cause=cause)
        undone: list[UUID] = []
        with pytest.raises(Undone):
            await try_in_vain(uow, cause, undone)
        second = uow.append(earned(9), cause=cause)
        async with uow.savepoint():
            await uow.execute("INSERT INTO thing VALUES (3)")
            uow.append(earned(3))
    assert (await things(db), await points(db)) == ([1, 3], [0, 1, 7, 9, 3])
    assert undone == [second], "what was undone was never told: the next caused event has its id"
    assert first != second


async def try_in_vain(uow: UnitOfWork, cause: Envelope, ids: list[UUID]) -> None:
    async with uow.savepoint():
        await uow.execute("INSERT INTO thing VALUES (2)")
        uow.append(earned(2))
        ids.append(uow.append(earned(8), cause=cause))
        raise Undone


async def caused_by(db: Database) -> bytes:
    async with db.transaction() as uow:
        uow.append(earned(0))
        return uow.events[0].envelope


async def test_a_savepoint_finds_a_deferred_violation_at_its_own_end(db: Database) -> None:
    async with db.transaction() as uow:
        with pytest.raises(asyncpg.UniqueViolationError):
            await violate(uow)
        await uow.execute("INSERT INTO thing VALUES (2), (2)")
        await uow.execute("DELETE FROM thing WHERE ctid = (SELECT min(ctid) FROM thing)")
    assert (await things(db), await points(db)) == ([2], []), "constraints are deferred again afterwards"


async def violate(uow: UnitOfWork) -> None:
    async with uow.savepoint():
        await uow.execute("INSERT INTO thing VALUES (1), (1)")
        uow.append(earned(1))


async def test_two_hundred_cancelled_units_of_work_leave_the_pool_whole(db: Database) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)

    async def work(n: int) -> None:
        async with db.transaction() as uow:
            await uow.execute("INSERT INTO thing VALUES ($1)", n)
            await uow.execute("SELECT pg_sleep($1)", rng.random() / 50)
            uow.append(earned(n))

    tasks = []
    for n in range(200):
        tasks.append(asyncio.create_task(work(n)))
        await asyncio.sleep(rng.random() / 200)
        rng.choice(tasks[-10:]).cancel()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
    assert {type(result) for result in results} <= {type(None), asyncio.CancelledError}, f"seed {seed}"
    completed = {n for n, result in enumerate(results) if result is None}
    state = await things(db)
    assert completed <= set(state), f"seed {seed}"
    assert sorted(await points(db)) == state, f"seed {seed}"
    assert db.pool.get_idle_size() == db.pool.get_size(), f"seed {seed}"
    rows = await asyncio.wait_for(asyncio.gather(*(db.fetchval("SELECT 1") for _ in range(5))), 10)
    assert rows == [1] * 5


async def test_a_server_that_may_forget_commits_is_refused(db: Database, engines: Engines, log_database: str) -> None:
    admin = await asyncpg.connect(engines.postgres_url)
    await admin.execute(f"ALTER ROLE members IN DATABASE {log_database} SET synchronous_commit = off")
    await admin.close()
    forgetful = Database(url=db._url, service="members", clock=SystemClock())
    with pytest.raises(Unavailable, match="synchronous_commit"):
        await forgetful.open()
    with pytest.raises(Unavailable, match="synchronous_commit"):
        await forgetful.connect()


async def test_a_connection_that_was_lost_is_replaced(db: Database) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await lose_connection(db)
    for _ in range(10):
        async with db.transaction() as uow:
            uow.append(earned(1))
    assert len(await points(db)) == 10


async def lose_connection(db: Database) -> None:
    async with db.transaction() as uow:
        uow.append(earned(99))
        await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_events_carry_their_service_their_time_and_their_cause(db: Database) -> None:
    before = datetime.now(UTC)
    cause = decode(await caused_by(db))[0]
    async with db.transaction() as uow:
        uow.append(ProfileChanged(member_id=MEMBER, fields=["name"]), cause=cause)
        envelope, _ = decode(uow.events[0].envelope)
    assert envelope.source == "/huitou/members"
    assert envelope.subject == str(MEMBER)
    assert envelope.causationid == cause.id
    assert before <= envelope.time <= datetime.now(UTC)


async def test_an_event_is_one_deeper_than_its_cause_or_as_deep_as_is_said(db: Database) -> None:
    event = ProfileChanged(member_id=MEMBER, fields=["name"])
    async with db.transaction() as uow:
        uow.append(event)
        first, _ = decode(uow.events[0].envelope)
        uow.append(event, cause=first)
        second, _ = decode(uow.events[1].envelope)
        uow.append(event, cause=second)
        uow.append(event, depth=5)
        depths = [decode(each.envelope)[0].causationdepth for each in uow.events]
    assert depths == [0, 1, 2, 5]
    assert b"causationdepth" not in uow.events[0].envelope


async def test_jsonb_is_python_values(db: Database) -> None:
    value = {"a": [1, None, "ä"], "b": {"c": True}}
    assert await db.fetchval("SELECT $1::jsonb", value) == value


async def test_a_compiled_statement_runs(db: Database) -> None:
    thing = table("thing", column("n"))
    async with db.transaction() as uow:
        await uow.execute("INSERT INTO thing SELECT * FROM generate_series(1, 5)")
    sql, arguments = compile_query(select(thing.c.n).where(thing.c.n.in_([2, 4])).order_by(thing.c.n))
    assert [row["n"] for row in await db.fetch(sql, *arguments)] == [2, 4]


async def test_it_says_so_when_it_is_not_open(engines: Engines) -> None:
    closed = Database(url="postgresql://nobody@localhost/none", service="members", clock=SystemClock())
    with pytest.raises(RuntimeError, match="not open"):
        closed.pool  # noqa: B018 - reading it raises
    await closed.close()


async def test_who_gets_no_connection_is_told_so_in_time(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(db.transaction())
        monkeypatch.setattr(common.db, "ACQUIRE_SECONDS", 0.05)
        with pytest.raises(TimeoutError):
            await stack.enter_async_context(db.transaction())
        monkeypatch.undo()
    async with db.transaction() as uow:
        assert await uow.fetchval("SELECT 1") == 1
