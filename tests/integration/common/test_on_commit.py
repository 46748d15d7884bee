"""What a unit of work leaves for after its commit, and what a handler finds on it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from common.clock import SystemClock
from common.contracts.envelope import Envelope, decode
from common.contracts.event import Event
from common.contracts.members import ProfileChanged
from common.db import Database, UnitOfWork
from common.testing.databases import Engines

pytestmark = pytest.mark.integration


class Undone(Exception):
    pass


@pytest.fixture
async def db(engines: Engines, log_database: str) -> AsyncIterator[Database]:
    db = Database(url=engines.url(role="members", database=log_database), service="members", clock=SystemClock())
    await db.open()
    await db.prepare_log()
    yield db
    await db.close()


def changed() -> ProfileChanged:
    return ProfileChanged(member_id=uuid4(), fields=["name"])


async def told(db: Database) -> list[tuple[Envelope, Event]]:
    rows = await db.fetch("SELECT envelope FROM outbox WHERE type NOT LIKE '%log.%' ORDER BY generation, id")
    return [decode(row["envelope"]) for row in rows]


async def undo(uow: UnitOfWork, calls: list[str]) -> None:
    async with uow.savepoint():
        uow.on_commit.append(lambda: calls.append("undone"))
        raise Undone


async def test_what_is_left_for_the_commit_is_done_after_it_in_order(db: Database) -> None:
    calls: list[str] = []
    async with db.transaction() as uow:
        uow.on_commit.append(lambda: calls.append("first"))
        with pytest.raises(Undone):
            await undo(uow, calls)
        async with uow.savepoint():
            uow.on_commit.append(lambda: calls.append("second"))
        assert calls == []
    assert calls == ["first", "second"]


async def test_a_rollback_leaves_it_undone(db: Database) -> None:
    calls: list[str] = []

    async def fail() -> None:
        async with db.transaction() as uow:
            uow.on_commit.append(lambda: calls.append("undone"))
            raise Undone

    with pytest.raises(Undone):
        await fail()
    assert calls == []


async def test_an_id_that_is_given_stays_and_its_cause_is_told(db: Database) -> None:
    async with db.transaction() as uow:
        uow.append(changed())
    [(cause, _)] = await told(db)
    given = uuid4()
    async with db.transaction() as uow:
        assert uow.append(changed(), cause=cause, event_id=given) == given
        after = uow.append(changed(), cause=cause)
    async with db.transaction() as uow:
        assert uow.append(changed(), cause=cause) == after, "what was given is not counted among the caused"
    assert [(envelope.id, envelope.causationid) for envelope, _ in (await told(db))[1:]] == [
        (given, cause.id),
        (after, cause.id),
        (after, cause.id),
    ]


async def test_a_handler_finds_what_its_service_holds(db: Database) -> None:
    db.resources = {"engine": 1}
    async with db.transaction() as uow:
        assert uow.resources is db.resources
