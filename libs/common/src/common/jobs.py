"""Periodic work: one process at a time does it, by an advisory lock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.bus import retention
from common.connection import try_lock
from common.db import Database
from common.loops import Loop

KEY_DAYS = 7
"""How long answers to idempotent requests are kept."""


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    interval: timedelta
    run: Callable[[Database], Awaitable[None]]


async def keep_log_ready(db: Database) -> None:
    """Keep a week of the log's day partitions ahead; begin a generation soon after the server has started anew, since nothing
    is read before.
    """
    await db.prepare_log()


async def forget_answers(db: Database) -> None:
    async with db.transaction() as uow:
        await uow.execute(
            "DELETE FROM idempotency_key WHERE created_at < $1", datetime.now(UTC) - timedelta(days=KEY_DAYS)
        )


def log_jobs(*, log_days: int | None) -> list[Job]:
    """The jobs that every service has. `log_days` None: the log is kept whole."""
    jobs = [
        Job("log_ready", timedelta(seconds=10), keep_log_ready),
        Job("idempotency_keys", timedelta(hours=1), forget_answers),
    ]
    if log_days is not None:
        jobs.append(
            Job("log_retention", timedelta(hours=1), lambda db: retention.prune(db, keep=timedelta(days=log_days)))
        )
    return jobs


class Jobs:
    def __init__(self, *, db: Database, jobs: Sequence[Job]) -> None:
        self._loops = [Loop(f"{db.service}.{job.name}", _body(db, job)) for job in jobs]

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    async def stop(self) -> None:
        await asyncio.gather(*(loop.stop() for loop in self._loops))


def _body(db: Database, job: Job) -> Callable[[asyncio.Event], Awaitable[None]]:
    async def body(stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await _run_alone(db, job)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), job.interval.total_seconds())

    return body


async def _run_alone(db: Database, job: Job) -> None:
    """Run the job unless another process is running it."""
    connection = await db.connect()
    try:
        if await try_lock(connection, db.service, job.name):
            await job.run(db)
    finally:
        await connection.close()
