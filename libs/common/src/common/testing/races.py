"""Races on real connections: everybody holds one of their own before anybody begins."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from common.db import Database, UnitOfWork

T = TypeVar("T")


async def race(db: Database, *works: Callable[[UnitOfWork], Awaitable[T]]) -> list[T | BaseException]:
    """Each work in a unit of work of its own, all released from one barrier; results or errors in their order.

    With as many works as the pool has connections, a work that asks for a second one hangs the test.
    """
    barrier = asyncio.Barrier(len(works))

    async def run(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        async with db.transaction() as uow:
            await barrier.wait()
            return await work(uow)

    return await asyncio.gather(*(run(work) for work in works), return_exceptions=True)
