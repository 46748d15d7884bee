"""Work on the configured database, with all that the service holds while it runs."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from common.cli import with_database
from common.db import Database, UnitOfWork
from common.runtime import Runtime
from lifecycle.app import SERVICE
from lifecycle.engine.domain import Engine
from lifecycle.resources import Resources
from lifecycle.text.statements.domain import shown_moment

T = TypeVar("T")


async def engine_in_force(db: Database) -> Engine:
    resources: Resources = db.resources
    return await resources.versions.engine_at(db, db.clock.now())


def told_to(moment: datetime, engine: Engine) -> str:
    """By the business's clock."""
    return shown_moment(moment, engine.calendar.zone)


def in_transaction(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    async def begun(db: Database) -> T:
        async with db.transaction() as uow:
            return await work(uow)

    return reading(begun)


def reading(work: Callable[[Database], Awaitable[T]]) -> T:
    async def begun(runtime: Runtime) -> T:
        async with runtime.with_resources():
            return await work(runtime.db)

    return with_database(SERVICE, begun)
