"""Work on the configured database, with all that the service holds while it runs."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from common.cli import with_database
from common.db import Database, UnitOfWork
from common.runtime import Runtime
from lifecycle.app import SERVICE

T = TypeVar("T")


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
