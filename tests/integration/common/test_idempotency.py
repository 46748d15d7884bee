"""Idempotency-Key: what is asked many times, at once or again, happens once and is answered alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest
from fastapi import Response
from pydantic import BaseModel

from common.clock import SystemClock
from common.db import Database, UnitOfWork
from common.http.idempotency import IdempotencyKeyReused, RequestInProgress, run_once
from common.testing.databases import Engines
from common.testing.waiting import eventually
from integration.common.registering import Register, Taken, Work, asked, effects, refuse

pytestmark = pytest.mark.integration


@pytest.fixture
def url(engines: Engines, log_database: str) -> str:
    return engines.url(role="members", database=log_database)


async def _opened(url: str) -> Database:
    db = Database(url=url, service="members", clock=SystemClock(), maximum_connections=20)
    await db.open()
    await db.prepare_log()
    return db


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    db = await _opened(url)
    yield db
    await db.close()


@pytest.fixture
async def impatient(url: str) -> AsyncIterator[Database]:
    """Waits for a lock a tenth of a second, not two seconds."""
    db = await _opened(f"{url}&lock_timeout=100")
    yield db
    await db.close()


@pytest.fixture
def register() -> Register:
    return Register()


async def waiting(db: Database) -> bool:
    """Whether somebody waits for another's key."""
    found = await db.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(found)


async def test_a_repeat_gets_the_stored_answer_and_has_no_effect(db: Database, register: Register) -> None:
    first = await run_once(db, asked(), register, status=202)
    again = [await run_once(db, asked(), register, status=201) for _ in range(3)]

    assert (first.status_code, first.body) == (202, b'{"number":1}')
    assert {(answer.status_code, bytes(answer.body)) for answer in again} == {(202, b'{"number":1}')}
    assert (register.tried, await effects(db)) == (1, 1)


async def test_many_at_once_have_one_effect_and_one_answer(db: Database, register: Register) -> None:
    answers = await asyncio.gather(*(run_once(db, asked(), register) for _ in range(15)))

    assert {(answer.status_code, bytes(answer.body)) for answer in answers} == {(201, b'{"number":1}')}
    assert (register.tried, await effects(db)) == (1, 1)


async def test_another_key_or_another_caller_is_another_request(db: Database, register: Register) -> None:
    await asyncio.gather(
        *(run_once(db, asked(key, actor=actor), register) for key in "abc" for actor in ("ann", "bob"))
    )

    assert (register.tried, await effects(db)) == (6, 6)


async def test_a_key_does_not_serve_for_another_request(db: Database, register: Register) -> None:
    await run_once(db, asked(), register)

    with pytest.raises(IdempotencyKeyReused, match="another request"):
        await run_once(db, asked(body='{"other": 1}'), register)
    assert await effects(db) == 1
    assert (await run_once(db, asked(), register)).body == b'{"number":1}'


async def test_different_requests_with_one_key_at_once_have_one_effect(db: Database, register: Register) -> None:
    requests = [asked(body=f'{{"n": {number % 3}}}') for number in range(15)]
    outcomes = await asyncio.gather(*(run_once(db, key, register) for key in requests), return_exceptions=True)

    assert sum(isinstance(outcome, Response) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, IdempotencyKeyReused) for outcome in outcomes) == 10
    assert (register.tried, await effects(db)) == (1, 1)


async def test_an_action_that_raises_leaves_its_key_free(db: Database, register: Register) -> None:
    with pytest.raises(Taken):
        await run_once(db, asked(), refuse)
    assert await effects(db) == 0
    assert await db.fetchval("SELECT count(*) FROM idempotency_key") == 0

    answer = await run_once(db, asked(body='{"mended": true}'), register)

    assert answer.status_code == 201
    assert await effects(db) == 1


async def _in_hand(db: Database, register: Register, work: Work | None = None) -> tuple[asyncio.Task[Response], ...]:
    """One request in the middle of its work, and the same again, waiting for it."""
    register.may_go_on.clear()
    first = asyncio.create_task(run_once(db, asked(), work or register))
    await eventually(lambda: register.tried == 1)
    second = asyncio.create_task(run_once(db, asked(), register))
    await eventually(lambda: waiting(db))
    return first, second


async def test_who_waits_for_one_that_fails_carries_it_out(db: Database, register: Register) -> None:
    async def fail_late(uow: UnitOfWork) -> BaseModel:
        await register(uow)
        raise Taken("after all")

    first, second = await _in_hand(db, register, fail_late)
    register.may_go_on.set()

    with pytest.raises(Taken):
        await first
    assert (await second).body == b'{"number":2}'
    assert await effects(db) == 1


async def test_who_waits_for_one_that_is_called_off_carries_it_out(db: Database, register: Register) -> None:
    """The client hung up, or the process was told to stop."""
    first, second = await _in_hand(db, register)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    register.may_go_on.set()

    assert (await second).body == b'{"number":2}'
    assert await effects(db) == 1


async def test_who_waits_for_one_whose_connection_is_cut_carries_it_out(
    db: Database, register: Register, engines: Engines
) -> None:
    first, second = await _in_hand(db, register)
    superuser = await asyncpg.connect(engines.postgres_url)
    cut = await superuser.fetchval(
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'transactionid' AND granted AND usename = 'members' AND state = 'idle in transaction'"
        " AND datname = $1",
        str(await db.fetchval("SELECT current_database()")),
    )
    await superuser.close()
    assert cut
    await eventually(lambda: register.tried == 2)
    register.may_go_on.set()

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await first
    assert (await second).body == b'{"number":2}'
    assert await effects(db) == 1


async def test_who_waits_too_long_is_told_to_ask_again(db: Database, impatient: Database, register: Register) -> None:
    register.may_go_on.clear()
    first = asyncio.create_task(run_once(db, asked(), register))
    await eventually(lambda: register.tried == 1)

    for body in ("{}", '{"other": 1}'):
        with pytest.raises(RequestInProgress) as refused:
            await run_once(impatient, asked(body=body), register)
        assert refused.value.extra["retry_after_seconds"] == 1

    register.may_go_on.set()
    assert (await first).body == b'{"number":1}'
    assert (await run_once(impatient, asked(), register)).body == b'{"number":1}'
    assert (register.tried, await effects(db)) == (1, 1)
