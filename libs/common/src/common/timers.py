"""What is due later. A timer is a row written by the transaction that made it so, and gone with the transaction that does it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from common.bus.poison import is_poison
from common.bus.wakeups import wait_any
from common.db import Database, UnitOfWork
from common.loops import Loop

log = structlog.get_logger(__name__)

TimerHandler = Callable[[UnitOfWork, UUID], Awaitable[None]]
"""Does what is due for a business id. It checks the state it finds: a timer may fire late, never early."""

POLL_SECONDS = 1.0
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)


async def arm(uow: UnitOfWork, *, kind: str, business_id: UUID, due_at: datetime) -> None:
    """Set or move the one timer of this kind and id."""
    await uow.execute(
        "INSERT INTO timer (kind, business_id, due_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (kind, business_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0",
        kind,
        business_id,
        due_at,
    )


async def disarm(uow: UnitOfWork, *, kind: str, business_id: UUID) -> None:
    await uow.execute("DELETE FROM timer WHERE kind = $1 AND business_id = $2", kind, business_id)


async def next_due(db: Database) -> datetime | None:
    due: datetime | None = await db.fetchval("SELECT min(due_at) FROM timer")
    return due


class Timers:
    """Fires due timers, each in a unit of work of its own; several processes may do so at once.

    A timer whose handler fails is put off, longer each time, and the others go on.
    """

    def __init__(
        self, *, db: Database, handlers: Mapping[str, TimerHandler], moved: asyncio.Event | None = None
    ) -> None:
        """`moved` is set whenever a virtual clock has moved."""
        self._db = db
        self._handlers = handlers
        self._moved = moved or asyncio.Event()
        self._loop = Loop(f"{db.service}.timers", self._run)

    def start(self) -> None:
        if self._handlers:
            self._loop.start()

    def wake(self) -> None:
        """Look now: a virtual clock has moved."""
        self._moved.set()

    async def stop(self) -> None:
        await self._loop.stop()

    async def _run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self._moved.clear()
            if not await self.fire_next():
                await wait_any(POLL_SECONDS, self._moved, stopping)

    async def fire_next(self) -> bool:
        """Fire the timer that has been due longest. False: none is due."""
        fired: tuple[str, UUID] | None = None
        try:
            async with self._db.transaction() as uow:
                row = await uow.fetchrow(
                    "DELETE FROM timer WHERE (kind, business_id) = ("
                    " SELECT kind, business_id FROM timer WHERE due_at <= $1 AND kind = ANY($2)"
                    " ORDER BY due_at, business_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING kind, business_id",
                    uow.now,
                    list(self._handlers),
                )
                if row is None:
                    return False
                fired = (row["kind"], row["business_id"])
                await self._handlers[row["kind"]](uow, row["business_id"])
        except Exception as error:
            if fired is None or not is_poison(error):
                raise
            log.exception("timer failed", kind=fired[0], business_id=str(fired[1]))
            await self._put_off(*fired)
        return True

    async def _put_off(self, kind: str, business_id: UUID) -> None:
        async with self._db.transaction() as uow:
            await uow.execute(
                "UPDATE timer SET attempts = attempts + 1,"
                " due_at = $3::timestamptz + least($4::interval * power(2, least(attempts, 12)), $5::interval) WHERE kind = $1 AND business_id = $2",
                kind,
                business_id,
                uow.now,
                FIRST_RETRY,
                LONGEST_RETRY,
            )
